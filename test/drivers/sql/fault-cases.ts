import type { FaultCase } from '../../suites/suite.ts';

/** Damage to the folder of any SQL server; `log`: what its log is called. */
export const folderFaults = (
  log: string,
): Record<'flip-bits' | 'delete-file' | 'disk-full', FaultCase[]> => ({
  'flip-bits': [{ name: 'of a table' }, { name: `of ${log}`, params: { file: 'log' } }],
  'delete-file': [
    { name: 'of a table' },
    { name: 'of a table, under the running server', params: { restart: false } },
    { name: `of ${log}`, params: { file: 'log' } },
  ],
  'disk-full': [{ refused: /shares with the host/ }],
});
