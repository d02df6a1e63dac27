import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { detailOf, drillForReal, findingsThat, type RanForReal } from '../support/real-drill.ts';
import { idleCases } from './idle-cases.ts';

/** Redis that saves nothing by itself, and a container from which its scripts are run. */
const compose = `services:
  redis:
    image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
    command: [redis-server, --save, "", --appendonly, "no"]
    restart: always
    volumes: [data:/data]
    healthcheck: { test: [CMD, redis-cli, ping], interval: 1s, timeout: 2s, retries: 20 }
  ops:
    image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
    init: true
    entrypoint: [sh, -c]
    command: ["until redis-cli -h redis SET greeting hello; do sleep 0.1; done; exec sleep infinity"]
    volumes: [data:/data, dumps:/dumps]
    depends_on: { redis: { condition: service_healthy } }
volumes: { data: , dumps: }
`;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-idle-'));
  writeFileSync(join(folder, 'compose.yml'), compose);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inOps = (script: string): object => ({ command: ['sh', '-ec', script], in: 'ops' });
const drill = (fault: string, restore: string): Promise<RanForReal> =>
  drillForReal({
    scenario: {
      scenario: 'idle',
      title: 'A script restores Redis, or says so',
      timeScale: 10,
      points: 1,
      load: { tokens: { target: 'redis', rate: '300/s' } },
      protect: ['redis.dumps'],
      fault: { [fault]: 'redis', at: '+8s' },
      recover: [{ restore: 'redis', from: 'here' }],
      check: ['ledger'],
      giveUp: '15s',
    },
    strategy: {
      strategy: 'idle',
      stack: join(folder, 'compose.yml'),
      components: {
        redis: {
          driver: 'redis',
          objectives: { rto: '5m', rpo: '15m' },
          backups: {
            dumps: {
              method: 'command',
              every: '5m',
              encrypt: 'none',
              copies: ['here'],
              options: {
                // As the server saves it, so that a crash comes back to the very same.
                backup: inOps('redis-cli -h redis SAVE; cp /data/dump.rdb /dumps/$(date +%s).rdb'),
                restore: inOps(restore),
                produces: { files: '/dumps/*.rdb' },
              },
            },
          },
        },
      },
      stores: { here: { kind: 'directory' } },
    },
  });

describe('a Redis that is restored by', { timeout: 300_000 }, () => {
  test.each(idleCases)('$name: $exitCode', async ({ fault, restore, exitCode, says }) => {
    const { result } = await drill(fault, restore);
    expect(findingsThat('fail', result)).toEqual([]);
    expect(findingsThat('inconclusive', result)).toEqual(exitCode === 0 ? [] : ['copies/restored/redis']);
    if (says) expect(detailOf(result, 'copies/restored/redis')).toMatch(says);
    expect(result.exitCode).toBe(exitCode);
  });
});
