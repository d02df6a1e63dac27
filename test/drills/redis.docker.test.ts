import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { registries } from '../../cli/registries.ts';
import { defineContainerFault } from '../../core/fault.ts';
import { eventsOf } from '../../core/timeline.ts';
import { bucketOf } from '../support/bucket.ts';
import { detailOf, drillForReal, findingsThat } from '../support/real-drill.ts';
import { missedRuns, redisScenario, redisStrategy } from '../support/small-drills.ts';
import { everything } from '../support/tier.ts';

const strategy = redisStrategy();

describe('drills of Redis that must not pass, beside one that must', {
  concurrent: true,
  timeout: 600_000,
}, () => {
  it('a snapshot that was tampered with in S3 is refused, and nothing is restored', async () => {
    const { result } = await drillForReal({
      strategy,
      scenario: redisScenario(),
      tampering: {
        fetch: async (scene) => {
          const bucket = await bucketOf(scene);
          const files = (await bucket.keys('points/')).filter((key) => key.includes('/files/'));
          expect(files.length).toBeGreaterThan(0);
          for (const key of files) {
            const bytes = await bucket.read(key);
            bytes[bytes.length >> 1]! ^= 1;
            await bucket.write(key, bytes);
          }
          bucket.close();
        },
      },
    });
    // The emptied server takes writes until the recovery begins. As nothing is restored they stay: behind
    // them, all that was lost is a hole.
    expect(findingsThat('fail', result).filter((id) => id !== 'integrity/tokens/hole')).toEqual([
      'copies/offsite',
      'recovery',
      'rpo/redis',
      'rto/drill',
      'rto/redis',
      'service/tokens',
    ]);
    expect(result.steps[0]).toMatchObject({
      ok: false,
      error: expect.stringMatching(
        /files\/dump\.rdb\.zst\.enc in store offsite is refused: its SHA-256 is not the one that was recorded/,
      ) as string,
    });
    expect(result).toMatchObject({
      exitCode: 1,
      time: { rtaMs: null, restoreOnlyMs: null },
      data: { rpaMs: null },
    });
  });

  it('a snapshot put in place beside an append-only file: up, ready, and empty', async () => {
    const { result } = await drillForReal({
      strategy,
      scenario: redisScenario({
        recover: [{ restore: 'redis', from: 'offsite', options: { order: 'copy' } }],
      }),
    });
    expect(result.steps[0]).toMatchObject({ ok: true });
    expect(result.time.readyMs).not.toBeNull();
    expect(findingsThat('fail', result)).toEqual(['rpo/redis', 'rto/drill', 'rto/redis', 'service/tokens']);
    expect(detailOf(result, 'rpo/redis')).toMatch(/all that there was at the fault/);
    expect(result).toMatchObject({ exitCode: 1, time: { rtaMs: null }, data: { rpaMs: null } });
  });

  it('a schedule that stopped running is found out, though the restore works', async () => {
    const { result, events } = await drillForReal({
      strategy,
      scenario: redisScenario({
        timeScale: missedRuns.timeScale,
        fault: { 'wipe-volume': 'redis', at: missedRuns.offset },
        recover: [{ restore: 'redis', from: 'volume' }],
        staysAway: ['s3-west'],
      }),
      tampering: {
        backup: async ({ stack }, number) => {
          if (number === 3) await stack.services.get('s3-west')!.stop(0);
        },
      },
    });
    expect(eventsOf(events, 'backup.durable')).toHaveLength(2);
    expect(findingsThat('fail', result)).toEqual(['backups/redis.snapshot', 'schedule/redis.snapshot']);
    expect(detailOf(result, 'schedule/redis.snapshot')).toMatch(/not explained by 4\.0 s between runs/);
    // The loss that was seen is small; what it could have been, a schedule that does not run says nothing
    // about.
    // A busy machine alone may hold up a client of this half a minute.
    const open = findingsThat('inconclusive', result).filter((id) => id !== 'availability/tokens');
    expect(open).toEqual(['rpo/redis']);
    expect(result).toMatchObject({ exitCode: 1, data: { worstRpaMs: null } });
    expect(result.steps[0]).toMatchObject({ ok: true });
  });

  it('a service under its own name crashes, with the component that lives in it, and comes back', async () => {
    const { redis, ...others } = strategy['components'] as Record<string, object>;
    const { result, events } = await drillForReal({
      strategy: { ...strategy, components: { ...others, cache: { ...redis, service: 'redis' } } },
      scenario: redisScenario({
        load: { tokens: { target: 'cache', rate: '500/s' } },
        fault: { crash: 'redis', at: '+1s' },
        recover: 'automatic',
        protect: [],
      }),
    });
    expect(findingsThat('fail', result)).toEqual([]);
    expect(eventsOf(events, 'fault.begun')[0]!.data).toMatchObject({
      target: 'redis',
      on: 'service',
      components: ['cache'],
    });
    expect(detailOf(result, 'witness/crash/redis')).toMatch(/process \d+ is gone/);
    expect(detailOf(result, 'rto/cache')).not.toBe('');
    expect(result.time.rtaMs!).toBeGreaterThan(0);
  });

  it('a service that no component stands for is stopped, and nobody starts it: red', async () => {
    const scenario = redisScenario({
      fault: { stop: 'toxiproxy', at: '+1s' },
      recover: 'automatic',
      protect: [],
    });
    const { result } = await drillForReal({ strategy, scenario });
    expect(result.exitCode).toBe(1);
    expect(findingsThat('fail', result)).toEqual(
      expect.arrayContaining(['service/tokens', 'ready-at-end/toxiproxy', 'still-there/stop/toxiproxy']),
    );
  });

  it('records that cannot be read back are not known to be there', async () => {
    const { result } = await drillForReal({
      strategy,
      scenario: redisScenario({
        fault: { crash: 'redis', at: '+1s' },
        recover: 'automatic',
        protect: [],
        staysAway: ['toxiproxy'],
      }),
      tampering: { readBack: ({ stack }) => stack.services.get('toxiproxy')!.stop(0) },
    });
    expect(findingsThat('fail', result)).toEqual([]);
    expect(findingsThat('inconclusive', result)).toEqual(['check/ledger', 'integrity/tokens', 'rpo/redis']);
    expect(result.loads[0]).toMatchObject({
      classes: null,
      holes: null,
      lostBeforeFault: null,
      lostAfterFault: null,
    });
    expect(result).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 2,
      data: { rpaMs: null, worstRpaMs: null, newestSurvivorMs: null },
    });
  });

  if (!everything) return;

  // The reference scenario passes each time, and drills in memory show what is made of a silent witness.
  it('the clean control', async () => {
    const { result } = await drillForReal({ strategy, scenario: redisScenario() });
    expect(
      result.findings.filter(({ verdict }) => verdict !== 'pass').map(({ id, detail }) => `${id}: ${detail}`),
    ).toEqual([]);
    expect(result.exitCode).toBe(0);
    expect(result.time.rtaMs!).toBeGreaterThan(0);
  });

  it('a fault that does nothing: no witness, no verdict', async () => {
    const { result } = await drillForReal({
      strategy,
      scenario: redisScenario({ fault: { placebo: 'redis', at: '+1s' }, recover: 'automatic', protect: [] }),
      registries: { ...registries, faults: { ...registries.faults, placebo } },
    });
    expect(findingsThat('fail', result)).toEqual([]);
    expect(detailOf(result, 'witness/placebo/redis')).toMatch(/perhaps nothing was broken/);
    expect(result).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 2,
      time: { rtaMs: null, witnessedMs: null },
    });
    expect(result.score.low).toBe(0);
    expect(result.findings.filter(({ verdict, weight }) => verdict === 'pass' && weight > 0)).toEqual([]);
  });
});

/** Breaks nothing, and its witness says so honestly. */
const placebo = defineContainerFault({
  about: 'nothing at all is done to the process',
  params: z.strictObject({}),
  witnessDeadlineMs: 500,
  inject: async () => ({
    facts: null,
    witness: async () => null,
    undo: { name: 'undo placebo', deadlineMs: 1_000, run: async () => undefined, healed: async () => true },
  }),
});
