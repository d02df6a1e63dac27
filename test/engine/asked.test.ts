import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Service, ServiceState } from '../../core/service.ts';
import { eventsOf, type EventData } from '../../core/timeline.ts';
import { askAll } from '../../engine/asked.ts';
import { stateOfServices, withoutEndedJobs } from '../../engine/before.ts';
import type { Drill } from '../../engine/drill-context.ts';
import { databaseOf } from '../../drivers/memory/attach.ts';
import { drillFile, drillInMemory, memoryFiles } from '../support/memory-drill.ts';
import { askedCases, besides, type AskedCase } from './asked-cases.ts';
import { eventsIn } from '../support/recorded.ts';

const running: ServiceState = {
  status: 'running',
  pid: 7,
  startedAt: '1',
  exitCode: null,
  oomKilled: false,
  restarts: 0,
  health: null,
};

/** Time passes only when somebody sleeps. */
const quickClock = () => {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    utc: () => '',
    after: () => () => undefined,
    sleep: async (ms: number) => void (nowMs += ms),
  };
};

/** Longer than a service is looked at that was started anew. */
const sinceRecoveryMs = 11_000;

interface Rig extends Omit<AskedCase, 'name' | 'ready' | 'says' | 'withinMs'> {
  staysAway?: string[];
  lost?: string[];
  region?: string | null;
}

/**
 * One service `jobs`, that nothing is attached to, as it was before the fault and as it is at each look after
 * it.
 */
async function askedOf({
  staysAway = [],
  lost = [],
  region = null,
  now,
  before = {},
  atFault,
  beforehand,
  passes = () => true,
  seen: seenStart,
}: Rig): Promise<{ asked: EventData['asked'][]; tookMs: number }> {
  let look = -1;
  let time = 0;
  let state = before;
  const clock = quickClock();
  const service = {
    name: 'jobs',
    region,
    state: async () => ({ ...running, ...(look < 0 ? state : now(look++)) }),
    waitHealthy: async () => {
      if (!passes(++time)) throw new Error('not healthy');
    },
  } as unknown as Service;
  const seen: EventData['asked'][] = [];
  const events: { type: 'fault.begun'; data: Partial<EventData['fault.begun']> }[] = [];
  const begin = (data: Partial<EventData['fault.begun']>): void =>
    void events.push({ type: 'fault.begun', data });
  const drill = {
    plan: { faults: [], components: new Map(), scenario: { staysAway, recover: 'automatic' } },
    stack: { services: new Map([['jobs', service]]) },
    regions: new Map(lost.map((name) => [name, { over: false }])),
    timeline: {
      events,
      emit: (type: string, data: EventData['asked']) =>
        void (type === 'asked' && data.stood !== false && seen.push(data)),
    },
    signal: new AbortController().signal,
    clock,
    progress: () => undefined,
  } as unknown as Drill;
  let states = await stateOfServices(drill);
  if (beforehand) {
    states = await withoutEndedJobs(drill, states);
    begin({ target: 'jobs', beforehand });
  }
  state = { ...before, ...atFault };
  states = await withoutEndedJobs(drill, states);
  begin({ target: 'other' });
  look = 0;
  const askedAt = new Map(seenStart === undefined ? [] : [['jobs', { startedAt: seenStart, atMs: 0 }]]);
  const left = await withoutEndedJobs(drill, states);
  await clock.sleep(sinceRecoveryMs);
  await askAll(drill, left, [], askedAt);
  return { asked: seen, tookMs: clock.nowMs() - sinceRecoveryMs };
}

describe('a service that ran before the fault', () => {
  test.each(askedCases.map((one) => [one.name, one] as const))(
    '%s',
    async (_, { name, ready, says = /./, withinMs = Infinity, ...rig }) => {
      const { asked, tookMs } = await askedOf(rig);
      expect(tookMs).toBeLessThanOrEqual(withinMs);
      // Of one that is not asked, nothing stands against it.
      expect(
        asked.every((one) => one.ready),
        name,
      ).toBe(ready);
      if (!ready || !rig.atFault)
        expect(asked).toEqual([
          expect.objectContaining({
            of: 'jobs',
            kind: 'service',
            ready,
            staysAway: false,
            detail: expect.stringMatching(says) as string,
          }),
        ]);
    },
  );
  test('is told as it is and as it was', async () => {
    const {
      asked: [asked],
    } = await askedOf({
      before: { health: 'healthy' },
      now: () => ({ status: 'exited', exitCode: 137 }),
    });
    expect(asked!.detail).toBe('exited, code 137; before the fault: running, healthy');
  });
  test('stays away where the scenario says so', async () => {
    const { asked } = await askedOf({ staysAway: ['jobs'], now: () => ({ status: 'exited', exitCode: 0 }) });
    expect(asked).toEqual([expect.objectContaining({ ready: false, staysAway: true })]);
  });
  test('is not reached for in a region that is lost', async () => {
    const looked: number[] = [];
    const now = (look: number): object => {
      looked.push(look);
      return {};
    };
    const { asked } = await askedOf({ lost: ['west'], region: 'west', now });
    expect(asked).toEqual([
      expect.objectContaining({
        ready: false,
        staysAway: true,
        detail: 'region west is lost and was not given back',
      }),
    ]);
    expect(looked).toEqual([]);
  });
  test('is asked again where it could not be, and ends the drill before the fault where it never can', async () => {
    const drillWith = (failures: number): Drill => {
      let asked = 0;
      const state = async (): Promise<ServiceState> => {
        if ((asked += 1) <= failures) throw new Error('the engine does not answer');
        return running;
      };
      return {
        stack: { services: new Map([['jobs', { name: 'jobs', state } as unknown as Service]]) },
        signal: new AbortController().signal,
        clock: quickClock(),
        progress: () => undefined,
      } as unknown as Drill;
    };
    await expect(stateOfServices(drillWith(3))).resolves.toEqual(new Map([['jobs', running]]));
    await expect(stateOfServices(drillWith(Infinity))).rejects.toThrow(
      /what jobs is before the fault cannot be known/,
    );
  });
  test('one that had ended by then is not asked', async () => {
    const { asked } = await askedOf({
      before: { status: 'exited', exitCode: 0 },
      now: () => ({ status: 'exited' }),
    });
    expect(asked).toEqual([]);
  });
});

describe('a component that was broken', () => {
  const asked = (folder: string) => eventsOf(eventsIn(folder), 'asked').map(({ data }) => data);
  test('is asked at the end, and says that it is back', async () => {
    expect(asked((await drillInMemory()).folder)).toEqual([
      expect.objectContaining({ kind: 'component', ready: true, staysAway: false }),
    ]);
  });
  test('is asked at the end, and is still away', async () => {
    const { folder } = await drillInMemory({
      scenario: { fault: '{ stop: store, at: +4s }', recover: 'automatic', giveUp: '1s' },
    });
    expect(asked(folder)).toEqual([
      expect.objectContaining({ kind: 'component', ready: false, staysAway: false }),
    ]);
  });
  test('may stay away where the scenario says so', async () => {
    const { folder } = await drillInMemory({
      scenario: {
        fault: '{ stop: store, at: +4s }',
        recover: 'automatic',
        giveUp: '1s',
        staysAway: '[store]',
      },
    });
    expect(asked(folder)).toEqual([expect.objectContaining({ ready: false, staysAway: true })]);
  });
  test('cannot be one that is not there', async () => {
    await expect(drillInMemory({ scenario: { staysAway: '[shop]' } })).rejects.toThrow(
      /no component or service "shop"|shop/,
    );
  });
});

describe('a component that nobody broke', () => {
  const asked = (folder: string) => eventsOf(eventsIn(folder), 'asked').map(({ data }) => data);
  test.each([
    [besides.ends, true],
    [besides.stands, false],
  ])('%s', async (_, ends) => {
    const beside = `beside-${ends}`;
    const files = memoryFiles();
    const strategy = join(files.folder, 'strategy.yaml');
    writeFileSync(
      strategy,
      readFileSync(strategy, 'utf8').replace(
        'components:\n',
        `components:\n  ${beside}: { driver: memory }\n`,
      ),
    );
    const { folder, result } = await drillFile(files, {
      progress: (one) => {
        if (ends && one.kind === 'phase' && one.phase === 'recover') databaseOf(beside)!.stop();
      },
    });
    expect(asked(folder)).toContainEqual(
      expect.objectContaining({ of: beside, kind: 'component', ready: !ends }),
    );
    expect(result.findings.find(({ id }) => id === `ready-at-end/${beside}`)?.verdict).toBe(
      ends ? 'fail' : 'pass',
    );
    expect(result.exitCode).toBe(ends ? 1 : 0);
  });
});
