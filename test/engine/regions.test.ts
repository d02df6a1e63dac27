import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Undo } from '../../core/active-fault.ts';
import type { Service } from '../../core/service.ts';
import type { ConnectionAttempt, LostRegion } from '../../core/stack.ts';
import type { Store } from '../../core/store.ts';
import type { Drill } from '../../engine/drill-context.ts';
import {
  regionTarget,
  returnRegion,
  undoOfLoss,
  watchedService,
  watchedStore,
} from '../../engine/regions.ts';
import { systemClock } from '../../core/clock.ts';

const attempt: ConnectionAttempt = { from: 'app', service: 'db', port: 3306, count: 3, outcome: 'vanished' };
const ok = { code: 0, stdout: 'secret rows', stderr: '' };

/**
 * As much of a drill as regions ask for: two services in the west, one in the east, and stores here and
 * there.
 */
function someDrill(attempts: () => Promise<ConnectionAttempt[]> = async () => [attempt]) {
  const service = (name: string, region: string | null): Service =>
    ({
      name,
      region,
      ports: [3306],
      exec: async ([program]: string[]) => (program === 'fail' ? Promise.reject(new Error('no answer')) : ok),
      stop: async () => undefined,
      endpoint: async () => ({ host: '127.0.0.1', port: 1 }),
      state: async () => ({ status: 'running', health: null }),
      waitHealthy: async () => undefined,
    }) as unknown as Service;
  const events: { type: string; data: Record<string, unknown> }[] = [];
  const done: string[] = [];
  const lost: LostRegion = {
    tryConnection: async () => ({ connected: 'silent', ended: null }),
    inPlace: async () => true,
    connectionAttempts: attempts,
    giveBack: async () => undefined,
  };
  const drill = {
    plan: {
      stores: [
        { name: 'near', region: 'west', service: null },
        { name: 'bucket', region: null, service: 's3' },
        { name: 'far', region: 'east', service: 's3' },
      ],
    },
    stack: {
      services: new Map(
        ['db', 's3']
          .map((name) => [name, service(name, 'west')] as const)
          .concat([
            ['spare', service('spare', 'east')],
            ['way', service('way', null)],
          ]),
      ),
      aimAtRegion: async () => ({ strike: async () => lost }),
    },
    regions: new Map(),
    timeline: {
      now: () => 7,
      emit: (type: string, data: Record<string, unknown>) => void events.push({ type, data }),
    },
    signal: new AbortController().signal,
    clock: systemClock,
    progress: () => undefined,
  } as unknown as Drill;
  const undo: Undo = {
    name: 'undo',
    deadlineMs: 1_000,
    run: async () => void done.push('run'),
    healed: async () => true,
  };
  return {
    drill,
    events,
    done,
    undo,
    of: (name: string) => watchedService(drill, drill.stack!.services.get(name)!),
  };
}

const store = (give = true): Store => ({
  read: async () => (give ? Readable.from(['bytes']) : Promise.reject(new Error('gone'))),
  list: async () => [],
  write: async () => ({ bytes: 1 }),
  remove: async () => undefined,
  close: async () => undefined,
});

const lose = async (drill: Drill): Promise<unknown> =>
  (await regionTarget(drill, 'west', 'fault-1').aim('blackhole')).strike();

/** Loses the west, does the work, gets it back, and gives what is on the timeline of it. */
async function whileLost(
  rig: ReturnType<typeof someDrill>,
  work: () => Promise<unknown>,
): Promise<Record<string, unknown>> {
  await lose(rig.drill);
  const undo = undoOfLoss(rig.drill, 'west', rig.undo);
  await work();
  await undo.run();
  return rig.events.find(({ type }) => type === 'region.connections')!.data;
}

describe('what reaches into a lost region', () => {
  test('is noted by what was called and how it ended, and goes through all the same', async () => {
    const rig = someDrill();
    const noted = await whileLost(rig, async () => {
      expect(await rig.of('db').exec(['cat'])).toEqual(ok);
      await rig.of('db').exec(['cat']);
      await expect(rig.of('s3').exec(['fail'])).rejects.toThrow('no answer');
      await rig.of('db').stop();
      await rig.of('db').endpoint(3306);
      await rig.of('db').state();
      await rig.of('spare').exec(['cat']);
      await rig.of('way').exec(['cat']);
    });
    expect(noted).toEqual({
      region: 'west',
      attempts: [attempt],
      accesses: [
        { of: 'db', what: 'exec', kind: 'read', ok: 2, failed: 0, firstAtMs: 7 },
        { of: 's3', what: 'exec', kind: 'read', ok: 0, failed: 1, firstAtMs: 7, error: 'no answer' },
        { of: 'db', what: 'stop', kind: 'power', ok: 1, failed: 0, firstAtMs: 7 },
      ],
    });
  });

  test("is noted of stores as well: by the strategy's word, or by the service that they live in", async () => {
    const rig = someDrill();
    const { accesses } = await whileLost(rig, async () => {
      await watchedStore(rig.drill, 'near', store()).read('a');
      await watchedStore(rig.drill, 'bucket', store()).list('');
      await expect(watchedStore(rig.drill, 'near', store(false)).read('a')).rejects.toThrow('gone');
      await watchedStore(rig.drill, 'near', store()).remove('a');
      await watchedStore(rig.drill, 'far', store()).read('a');
    });
    expect(accesses).toMatchObject([
      { of: 'store near', what: 'read', kind: 'read', ok: 1, failed: 1 },
      { of: 'store bucket', what: 'list', kind: 'other', ok: 1, failed: 0 },
      { of: 'store near', what: 'remove', kind: 'other', ok: 1 },
    ]);
  });

  test('counts neither before the loss nor after the return', async () => {
    const rig = someDrill();
    await rig.of('db').exec(['cat']);
    const { accesses } = await whileLost(rig, async () => undefined);
    await rig.of('db').exec(['cat']);
    expect(accesses).toEqual([]);
  });

  test('is not known when the counters are gone, which is said and is no empty list', async () => {
    const noted = await whileLost(
      someDrill(() => Promise.reject(new Error('the counters are gone'))),
      async () => undefined,
    );
    expect(noted).toEqual({ region: 'west', attempts: [], accesses: [], error: 'the counters are gone' });
  });
});

describe('a lost region comes back', () => {
  test('once, whoever asks first: a step of the recovery, and the end of the drill after it', async () => {
    const rig = someDrill();
    await lose(rig.drill);
    const undo = undoOfLoss(rig.drill, 'west', rig.undo);
    expect(await returnRegion(rig.drill, 'west')).toEqual({
      region: 'west',
      services: { db: 'running', s3: 'running' },
    });
    await undo.run();
    expect(rig.done, 'an undo is asked again, and says itself that there is nothing to do').toEqual([
      'run',
      'run',
    ]);
    expect(rig.events.map(({ type }) => type)).toEqual([
      'region.lost',
      'region.connections',
      'region.returned',
    ]);
    expect(rig.events[0]!.data).toEqual({
      of: 'fault-1',
      region: 'west',
      how: 'blackhole',
      services: ['db', 's3'],
      stores: ['near', 'bucket'],
    });
  });

  test('not at all where it is not healed', async () => {
    const rig = someDrill();
    await lose(rig.drill);
    undoOfLoss(rig.drill, 'west', { ...rig.undo, deadlineMs: 200, healed: async () => false });
    await expect(returnRegion(rig.drill, 'west')).rejects.toThrow('region west is not back');
  });

  test('not before it was lost', async () => {
    await expect(returnRegion(someDrill().drill, 'west')).rejects.toThrow('region west is not lost');
  });
});
