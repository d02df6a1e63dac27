import fc from 'fast-check';
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import type { Attached } from '../../core/driver.ts';
import type { RestoreContext } from '../../core/backup.ts';
import type { Progress } from '../../core/progress.ts';
import type { Registries } from '../../core/registries.ts';
import type { DrillResult } from '../../core/result.ts';
import type { Store } from '../../core/store.ts';
import { eventsOf, type TimelineEvent } from '../../core/timeline.ts';
import { drillInMemory, type MemoryDrill } from '../support/memory-drill.ts';
import { everything } from '../support/tier.ts';
import { eventsIn } from '../support/recorded.ts';

/**
 * A call that goes wrong: which one of its kind, counted from the beginning of the drill or of its first
 * step.
 */
interface Break {
  call: 'write' | 'read' | 'list' | 'stage';
  in: 'protect' | 'recover';
  nth: number;
  how: 'fails' | 'hangs';
}

/** Stores and a driver of which one call goes wrong. `met` tells whether it was made. */
function breaking({ call, in: phase, nth, how }: Break) {
  let recovering = false;
  let left = nth;
  let met = false;
  const meet = async (made: Break['call']): Promise<void> => {
    if (made !== call || recovering !== (phase === 'recover') || met || (left -= 1) >= 0) return;
    met = true;
    if (how === 'hangs') await new Promise(() => undefined);
    throw new Error(`${call} goes wrong`);
  };
  const store = (one: Store): Store => ({
    ...one,
    write: (...of) => meet('write').then(() => one.write(...of)),
    read: (key) => meet('read').then(() => one.read(key)),
    list: (prefix) => meet('list').then(() => one.list(prefix)),
  });
  const restored = (context: RestoreContext): RestoreContext => ({
    ...context,
    stage: (stage, what, work) => context.stage(stage, what, () => meet('stage').then(work)),
  });
  const driver = (one: Attached): Attached => {
    const copy = one.backups['copy']!;
    return {
      ...one,
      backups: {
        ...one.backups,
        copy: { ...copy, restore: (from, context) => copy.restore!(from, restored(context)) },
      },
    };
  };
  const [directory, memory] = [registries.stores['directory']!, registries.drivers['memory']!];
  const broken: Registries = {
    ...registries,
    stores: {
      ...registries.stores,
      directory: { ...directory, open: async (context) => store(await directory.open(context)) },
    },
    drivers: {
      ...registries.drivers,
      memory: { ...memory, attach: async (context) => driver(await memory.attach(context)) },
    },
  };
  // The backup that the fault cut off is cleared up before the first step, which has no part in that.
  const hear = (one: Progress): void =>
    void (recovering ||= one.kind === 'line' && one.text.startsWith('restore '));
  return { registries: broken, hear, met: () => met };
}

/** Short, and with few operations: hundreds of them are run. */
const short: MemoryDrill = {
  every: '30s',
  scenario: {
    points: '2',
    settle: '2s',
    giveUp: '4s',
    stepDeadline: '3s',
    load: '{ rows: { target: store, rate: 60/s } }',
  },
};

interface Ran {
  result: DrillResult;
  events: TimelineEvent[];
  storesAreGone: boolean;
}

async function run(drill: MemoryDrill): Promise<Ran> {
  const { folder, result } = await drillInMemory({ ...short, ...drill });
  const events = eventsIn(folder);
  const storesAreGone = !existsSync(join(folder, 'stores'));
  rmSync(dirname(dirname(folder)), { recursive: true, force: true });
  return { result, events, storesAreGone };
}

/** What is left to do when a drill has ended; nothing where it is over in order. */
function leftOver({ events, storesAreGone }: Ran): string[] {
  const injected = eventsOf(events, 'fault.injected').length;
  const undone = eventsOf(events, 'undo.ended').filter(({ data }) => data.ok).length;
  const phases = eventsOf(events, 'phase.ended')
    .filter(({ data }) => data.ok)
    .map(({ data }) => data.phase);
  return [
    ...(undone < injected ? [`${injected - undone} faults are not undone`] : []),
    ...(['heal', 'down'] as const)
      .filter((phase) => !phases.includes(phase))
      .map((phase) => `${phase} did not end well`),
    ...(events.at(-1)!.type === 'drill.ended' ? [] : ['the drill has no end']),
    ...(storesAreGone ? [] : ['the stores are there']),
  ];
}

const waysOf = (calls: Break['call'][]) =>
  calls.flatMap((call) => (['fails', 'hangs'] as const).map((how) => ({ call, how })));

/**
 * The first call goes wrong, then the second, until there is none so late. Gives how many there were; `judge`
 * sees each drill.
 */
async function eachStep(way: Omit<Break, 'nth'>, judge: (ran: Ran, met: boolean) => void): Promise<number> {
  for (let nth = 0; ; nth += 1) {
    const broken = breaking({ ...way, nth });
    const ran = await run({ seed: 7 + nth, registries: broken.registries, progress: broken.hear });
    judge(ran, broken.met());
    if (!broken.met()) return nth;
  }
}

const numRuns = everything ? 300 : 40;
const timeout = everything ? 900_000 : 240_000;

describe('a drill that goes wrong somewhere', { timeout }, () => {
  test('is the one that passes, and leaves nothing, where nothing goes wrong', async () => {
    const ran = await run({});
    expect([ran.result.verdict, leftOver(ran)]).toEqual(['pass', []]);
  });
  test('would be seen to leave a fault behind', async () => {
    const ran = await run({ config: '{ bad: { undo: fails } }' });
    expect(leftOver(ran)).toEqual(['1 faults are not undone', 'heal did not end well']);
  });

  test('is no pass when it was ended, at whatever moment, and everything is undone', async () => {
    const moments = fc.record({ atMs: fc.double({ min: 0, max: 4_500, noNaN: true }), seed: fc.nat() });
    await fc.assert(
      fc.asyncProperty(moments, async ({ atMs, seed }) => {
        const ending = new AbortController();
        let set = false;
        const ran = await run({
          seed,
          signal: ending.signal,
          progress: (_, clock) => {
            if (!set) clock.after(atMs, () => ending.abort(new Error('Ctrl-C')));
            set = true;
          },
        });
        expect([ran.result.outcome, ran.result.verdict === 'pass', leftOver(ran)]).toEqual([
          'interrupted',
          false,
          [],
        ]);
      }),
      { numRuns },
    );
  });

  test.each(waysOf(['read', 'list', 'stage']))(
    'is no pass when a restore goes wrong at whatever step: $call $how',
    async (way) => {
      const steps = await eachStep({ ...way, in: 'recover' }, (ran, met) => {
        expect([ran.result.verdict === 'pass', leftOver(ran)]).toEqual([!met, []]);
      });
      expect(steps).toBeGreaterThan(0);
    },
  );

  test.each(waysOf(['write', 'list']))(
    'restores no backup that went wrong at whatever step: $call $how',
    async (way) => {
      await eachStep({ ...way, in: 'protect' }, (ran) => {
        const durable = eventsOf(ran.events, 'backup.durable').map(({ data }) => data.point);
        const restored = eventsOf(ran.events, 'point.fetched').map(({ data }) => data.point);
        expect([restored.filter((point) => !durable.includes(point)), leftOver(ran)]).toEqual([[], []]);
        if (ran.result.verdict === 'pass') expect(restored).toHaveLength(1);
      });
    },
  );
});
