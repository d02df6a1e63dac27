import type { LedgerAnalysis } from '../../core/analysis.ts';
import { kinds, recordBytes, type LedgerRecord } from '../../core/ledger.ts';
import { analyseLedger } from '../../measures/ledger-judge.ts';
import type { History } from './history-arbitrary.ts';
import { chain, sourceOf, type Sketch } from './timeline-builder.ts';

export const observedMs = 8_000;
/** From the beginning of a recovery to its end. */
export const exchangeMs = 400;

export function timelineOf({
  records,
  faultMs,
  recoveryMs,
  automatic,
  neverReturn,
}: History): Sketch['events'] {
  const readbacks = records.filter((record) => record.kind === kinds.readback).length;
  return [
    {
      atMs: 0,
      type: 'load.begun',
      data: {
        load: 'keys',
        index: 0,
        target: 'redis',
        kind: 'data',
        ratePerSecond: 10,
        neverReturn,
        volatile: false,
      },
    },
    {
      atMs: faultMs,
      type: 'fault.begun',
      data: { id: 'fault-1', fault: 'crash', target: 'redis', params: {} },
    },
    { atMs: recoveryMs, type: 'recovery.begun', data: { automatic } },
    {
      atMs: recoveryMs + exchangeMs,
      type: automatic ? 'ready' : 'recovery.ended',
      data: automatic ? { component: 'redis' } : { ok: true },
    } as Sketch['events'][number],
    { atMs: observedMs, type: 'observation.ended', data: { settled: true } },
    {
      atMs: 9_500,
      type: 'readback.ended',
      data: { load: 'keys', index: 0, complete: true, records: readbacks },
    },
    {
      atMs: 20_000,
      type: 'ledger.chunk',
      data: { offset: 0, bytes: records.length * recordBytes, sha256: '' },
    },
  ];
}

export const byCompletion = (records: readonly LedgerRecord[]): LedgerRecord[] =>
  [...records].sort((a, b) => a.invokedMs + a.durationMs - (b.invokedMs + b.durationMs));

export function analyse(
  one: History,
  portion?: { records: number; idsPerWindow: number },
  perChunk = 7,
): LedgerAnalysis {
  const records = byCompletion(one.records);
  return analyseLedger(sourceOf(records, perChunk), chain(timelineOf({ ...one, records })), portion);
}
