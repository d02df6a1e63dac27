import { describe, expect, test } from 'vitest';
import { semiSyncVerdict } from '../../../drivers/mysql/semi-sync.ts';
import type { SemiSync } from '../../../drivers/mysql/site.ts';

const before: SemiSync = { status: true, unacknowledged: 4, acknowledged: 10, replicas: 1, startedAt: 1_000 };
const later = (over: Partial<SemiSync> = {}): SemiSync => ({ ...before, acknowledged: 60, ...over });

describe('whether every commit waited for a replica', () => {
  test.each<[string, SemiSync | null, SemiSync | null, string]>([
    ['each of them did', before, later(), 'pass'],
    ['it fell back', before, later({ status: false, unacknowledged: 5 }), 'fail'],
    [
      'it fell back and came back: the status alone would be green',
      before,
      later({ unacknowledged: 5 }),
      'fail',
    ],
    ['it was switched off', before, later({ status: false }), 'fail'],
    ['it was off to begin with', { ...before, status: false }, later(), 'fail'],
    ['the plugin was never there', null, null, 'fail'],
    ['nothing was committed', before, later({ acknowledged: 10 }), 'inconclusive'],
    [
      'the server was started anew, and its counters begin at 0',
      before,
      later({ unacknowledged: 0, acknowledged: 60, startedAt: 1_060 }),
      'inconclusive',
    ],
    ['the plugin is gone', before, null, 'inconclusive'],
    ['uptime is told in whole seconds', before, later({ startedAt: 1_001 }), 'pass'],
  ])('%s', (_, baseline, now, verdict) => {
    expect(semiSyncVerdict(baseline, now)).toMatchObject({ verdict });
  });
});
