import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf } from '../../core/timeline.ts';
import {
  detailOf,
  drillForReal,
  findingsThat,
  inRepository,
  type RanForReal,
} from '../support/real-drill.ts';

let folder: string;
let strategy: Record<string, unknown>;

/**
 * The smallest stack of a region: its cache, and a folder that the strategy says lies there. The clients' way
 * in is in no region.
 */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-region-drills-'));
  const compose = join(folder, 'compose.yml');
  const text = (await readFile(inRepository('test/fixtures/accidents/compose.yml'), 'utf8')).replace(
    '    command: [redis-server,',
    '    labels: { muster.region: west }\n    command: [redis-server,',
  );
  expect(text).toContain('muster.region');
  await writeFile(compose, text);
  strategy = {
    strategy: 'small',
    stack: compose,
    components: {
      redis: {
        driver: 'redis',
        clients: { service: 'toxiproxy', port: 6379 },
        objectives: { rto: '5m', rpo: '15m' },
        backups: { snapshot: { method: 'rdb', every: '5m', encrypt: 'aes-256', copies: ['near', 'far'] } },
      },
    },
    stores: { near: { kind: 'directory', region: 'west' }, far: { kind: 'directory' } },
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const drill = (how: 'dead' | 'blackhole', recover: object[]): Promise<RanForReal> =>
  drillForReal({
    strategy,
    scenario: {
      scenario: 'small',
      title: 'A region is lost',
      // An interval of 5 s: no backup of so little takes longer on a busy machine.
      timeScale: 60,
      points: 2,
      load: { tokens: { target: 'redis', rate: '300/s' } },
      protect: ['redis.snapshot'],
      fault: { 'region-lost': 'west', how, at: 'worst' },
      recover,
      settle: '2s',
      giveUp: '20s',
      check: ['ledger'],
    },
  });

describe('a region that is lost', { concurrent: true, timeout: 300_000 }, () => {
  test('dead: it comes back empty, and is restored from what lies elsewhere', async () => {
    const { result, events } = await drill('dead', [{ return: 'west' }, { restore: 'redis', from: 'far' }]);
    expect([findingsThat('fail', result), findingsThat('inconclusive', result)]).toEqual([[], []]);
    expect(detailOf(result, 'region/west')).toMatch(/Lost as dead: redis, store near\.$/);
    expect(
      eventsOf(events, 'region.returned', 'recovery.ended').map(({ type }) => type),
      'within the recovery',
    ).toEqual(['region.returned', 'recovery.ended']);
    expect(result.faults).toMatchObject([{ fault: 'region-lost', target: 'west', healed: null }]);
  });

  test('cut off, and a copy is fetched from a store that should be gone with it: the drill fails, with the list', async () => {
    const { result } = await drill('blackhole', [{ restore: 'redis', from: 'near' }, { return: 'west' }]);
    expect(findingsThat('fail', result)).toContain('region/west');
    expect(detailOf(result, 'region/west')).toMatch(
      /reached all the same: .*Muster: read of store near, which worked \d+ times/,
    );
    expect(result.exitCode).toBe(1);
  });
});
