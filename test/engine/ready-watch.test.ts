import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { registries } from '../../cli/registries.ts';
import { systemClock } from '../../core/clock.ts';
import type { Attached } from '../../core/driver.ts';
import type { DrillResult } from '../../core/result.ts';
import { eventsOf } from '../../core/timeline.ts';
import { stepsOf } from '../../core/steps/index.ts';
import { inflict, memoryFault } from '../../drivers/memory/system.ts';
import { mayActOn } from '../../engine/acts-on.ts';
import { planDrill } from '../../engine/plan.ts';
import { watchReady } from '../../engine/ready-watch.ts';
import { drillInMemory, memoryFiles, noStacks, type MemoryDrill } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

/** Its process dies, is back, and dies once more half a second after the first time. */
const crashTwice = memoryFault({
  about: 'a process dies twice',
  params: z.strictObject({}),
  witnessDeadlineMs: 5_000,
  inject: async (system) => {
    const { clock, database } = system;
    const { pid } = database;
    clock.after(1_500, () => database.die());
    const seen = () => (database.pid === pid ? null : { what: 'another process', facts: {} });
    return inflict(system, 'crash', { act: () => database.die(), seen });
  },
});
const memory = registries.drivers['memory']!;
const withCrashTwice = {
  ...registries,
  drivers: {
    ...registries.drivers,
    memory: { ...memory, faults: { ...memory.faults, 'crash-twice': crashTwice } },
  },
};

const backUpWorker = 'backups: { snapshot: { method: copy, every: 1m, encrypt: aes-256, copies: [a, b] } }';

/** The store, which takes five seconds to come up, and a worker without clients, which takes one. */
async function besideSlowStore(worker: string, { scenario = {}, beside = {}, ...rest }: MemoryDrill) {
  const { folder, result } = await drillInMemory({
    config: '{ restartAfterMs: 5000 }',
    beside: {
      [worker]: `{ driver: memory, objectives: { rto: 3s }, config: { restartAfterMs: 1000 }, ${beside['more'] ?? ''} }`,
    },
    scenario: { protect: '[]', recover: 'automatic', giveUp: '20s', ...scenario },
    registries: withCrashTwice,
    ...rest,
  });
  const events = eventsIn(folder);
  const faultMs = eventsOf(events, 'fault.begun')[0]!.atMs;
  const ready = eventsOf(events, 'ready')
    .filter(({ data }) => data.component === worker)
    .map(({ atMs, data }) => [Math.floor((atMs - faultMs) / 1_000), data.again]);
  return { ready, rto: rtoOf(result, worker), events };
}
const rtoOf = ({ findings }: DrillResult, component: string): string | undefined =>
  findings.find(({ id }) => id === `rto/${component}`)?.verdict;

describe('one without clients is charged no time of another', () => {
  const both = (worker: string): [string, string] => [
    '{ crash: store, at: +4s }',
    `{ crash: ${worker}, at: +4s }`,
  ];
  test('that is waited for before it', async () => {
    const { ready, rto } = await besideSlowStore('worker-first', {
      scenario: { fault: `[${both('worker-first').join(', ')}]` },
    });
    expect([ready, rto]).toEqual([[[1, undefined]], 'pass']);
  });
  test('that is waited for after it', async () => {
    const { ready, rto } = await besideSlowStore('worker-last', {
      scenario: { fault: `[${both('worker-last').toReversed().join(', ')}]` },
    });
    expect([ready, rto]).toEqual([[[1, undefined]], 'pass']);
  });
  test('that a step restores meanwhile', async () => {
    const { ready, rto } = await besideSlowStore('worker-beside-steps', {
      scenario: {
        protect: '[store.snapshot]',
        fault: '[{ wipe-volume: store, at: +5s }, { crash: worker-beside-steps, at: +5s }]',
        recover: '[{ restore: store, from: b }]',
      },
    });
    expect([ready, rto]).toEqual([[[1, undefined]], 'pass']);
  });
});

describe('what is ready before its recovery is over has not recovered', () => {
  test('where a step to come restores it', async () => {
    const { ready, rto } = await besideSlowStore('worker-restored-last', {
      beside: { more: backUpWorker },
      scenario: {
        protect: '[store.snapshot, worker-restored-last.snapshot]',
        fault: '[{ wipe-volume: store, at: +5s }, { wipe-volume: worker-restored-last, at: +5s }]',
        recover: '[{ restore: store, from: b }, { restore: worker-restored-last, from: b }]',
      },
    });
    expect([ready, rto]).toEqual([[[6, undefined]], 'fail']);
  });
  test('where it lost its data, and no step says whose it brings back', async () => {
    const { ready, rto } = await besideSlowStore('worker-emptied', {
      scenario: {
        protect: '[store.snapshot]',
        fault: '[{ wipe-volume: store, at: +5s }, { wipe-volume: worker-emptied, at: +5s }]',
        recover: '[{ restore: store, from: b }]',
      },
    });
    expect([ready, rto]).toEqual([[[5, undefined]], 'fail']);
  });
  test('where it goes away once more, and is back after that', async () => {
    const { ready, rto } = await besideSlowStore('worker-twice', {
      scenario: { fault: '[{ crash: store, at: +4s }, { crash-twice: worker-twice, at: +4s }]' },
    });
    expect([ready, rto]).toEqual([
      [
        [1, undefined],
        [2, 2],
      ],
      'pass',
    ]);
  });
});

test('one that misses a single look is not away, and one that misses two in a row is', async () => {
  const answers = [false, true, false, true, false, false, true];
  const { file } = memoryFiles({ scenario: { fault: '{ crash: store, at: +4s }', recover: 'automatic' } });
  const told: unknown[] = [];
  const stopped = new AbortController();
  const asked = async (): Promise<boolean> => {
    const left = answers.length;
    if (left === 0) stopped.abort();
    return answers.shift() ?? true;
  };
  const plan = await planDrill(file, registries, noStacks);
  const watch = watchReady(
    {
      plan,
      clock: systemClock,
      signal: stopped.signal,
      inflicted: [],
      attached: new Map([['store', { ready: asked } as unknown as Attached]]),
      timeline: {
        emit: (type: string, data: unknown) => void told.push([type, data]),
      } as unknown as Parameters<typeof watchReady>[0]['timeline'],
    },
    ['store'],
  );
  await once(stopped.signal, 'abort');
  watch.stop();
  expect(told).toEqual([
    ['ready', { component: 'store' }],
    ['ready', { component: 'store', again: 2 }],
  ]);
});

describe('a step may act on', () => {
  const acts = async (
    step: string,
    fault = '{ crash: worker-planned, at: +4s }',
    more: Partial<typeof memory> = {},
  ): Promise<boolean> => {
    const known = { ...registries, drivers: { ...registries.drivers, memory: { ...memory, ...more } } };
    const { file } = memoryFiles({
      hostCommands: true,
      beside: {
        'worker-planned': '{ driver: memory, clients: { service: web-planned, port: 1 } }',
        'web-planned': '{ driver: memory }',
      },
      scenario: { fault, recover: `[${step}, { restore: store, from: b }]` },
    });
    const plan = await planDrill(file, known, noStacks, { hostCommands: true });
    return mayActOn(plan, stepsOf(plan.scenario)[0]!, 'worker-planned');
  };
  test.each([
    ['what it is aimed at', '{ run: seed, target: worker-planned }', true],
    ['nothing else', '{ run: seed, target: web-planned }', false],
    ['whatever holds data, where it is a command', '{ command: ["true"], in: host }', true],
  ])('%s', async (_, step, is) => expect(await acts(step)).toBe(is));
  test.each([
    ['what another server takes over from', 'web-planned', { takesOver: ['seed'] }, true],
    [
      'what had its clients by the way in that moves them',
      'web-planned',
      { movesClients: { seed: () => null } },
      true,
    ],
    ['nothing that has another way in', 'store', { movesClients: { seed: () => null } }, false],
  ])('%s', async (_, target, more, is) =>
    expect(await acts(`{ run: seed, target: ${target} }`, undefined, more)).toBe(is),
  );
  test('what lost its data, where no step is aimed at that', async () =>
    expect(await acts('{ run: seed, target: web-planned }', '{ wipe-volume: worker-planned, at: +4s }')).toBe(
      true,
    ));
});
