import { describe, expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { drillInMemory, type MemoryDrill } from '../support/memory-drill.ts';

const about = ({ findings }: DrillResult, fault: string) =>
  findings.filter(({ id }) => id.startsWith(`still-there/${fault}/`)).map(({ verdict }) => verdict);

/** A table of the application is broken, the load's own is not: the ledger has nothing to say. */
const ofAccounts = (fault: string, recover: string, more: Record<string, string> = {}): MemoryDrill => ({
  scenario: {
    seed: '[{ run: seed, with: { rows: 200 } }]',
    protect: '[store.snapshot, store.log]',
    fault,
    recover,
    ...more,
  },
});
const replayed = (until: string): string =>
  `[{ restore: store, from: a }, { replay: store.log, from: a, until: ${until} }]`;

describe('the witness is asked again when the recovery is over', () => {
  test('a log replayed with the DROP in it: the table is still gone, and the drill fails', async () => {
    const { result } = await drillInMemory(
      ofAccounts('{ drop-table: store, table: accounts, at: +5s }', replayed('latest'), { impact: 'none' }),
    );
    expect(about(result, 'drop-table')).toEqual(['fail']);
    expect(result.exitCode).toBe(1);
  });
  test('a log replayed up to the DROP: the table is back', async () => {
    const { result } = await drillInMemory(
      ofAccounts(
        '{ drop-table: store, table: accounts, at: +5s }',
        replayed("{ beforeStatement: 'DROP TABLE' }"),
      ),
    );
    expect(about(result, 'drop-table')).toEqual(['pass']);
    expect(result.findings.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id)).toEqual([]);
  });
  test('rows that were deleted and replayed as deleted are still gone', async () => {
    const { result } = await drillInMemory(
      ofAccounts('{ delete-rows: store, table: accounts, share: 0.4, at: +5s }', replayed('latest'), {
        impact: 'none',
      }),
    );
    expect(about(result, 'delete-rows')).toEqual(['fail']);
  });
  test('rows that were deleted and restored are back', async () => {
    const { result } = await drillInMemory(
      ofAccounts(
        '{ delete-rows: store, table: accounts, share: 0.4, at: +5s }',
        '[{ restore: store, from: a }]',
      ),
    );
    expect(about(result, 'delete-rows')).toEqual(['pass']);
  });
  test('rows of the load are judged by the ledger alone', async () => {
    const { result } = await drillInMemory({
      scenario: { fault: '{ delete-rows: store, table: records, share: 0.4, at: +5s }' },
    });
    expect(about(result, 'delete-rows')).toEqual([]);
  });
  test('what is paused until the end was not recovered from', async () => {
    const { result } = await drillInMemory({
      scenario: { fault: '{ pause: store, at: +4s }', recover: 'automatic', giveUp: '1s' },
    });
    expect(about(result, 'pause')).toEqual(['fail']);
  });
  test('unless it stays away by intent', async () => {
    const { result } = await drillInMemory({
      scenario: {
        fault: '{ pause: store, at: +4s }',
        recover: 'automatic',
        giveUp: '1s',
        staysAway: '[store]',
      },
    });
    expect(about(result, 'pause')).toEqual(['pass']);
  });
  test('a crash leaves another process, and nothing to ask', async () => {
    const { result } = await drillInMemory({
      scenario: { fault: '{ crash: store, at: +4s }', recover: 'automatic' },
    });
    expect(about(result, 'crash')).toEqual([]);
    expect(result.findings.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id)).toEqual([]);
  });
});
