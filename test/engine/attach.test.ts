import { expect, test } from 'vitest';
import type { Attached } from '../../core/driver.ts';
import { systemClock } from '../../core/clock.ts';
import type { Drill } from '../../engine/drill-context.ts';
import { closeAll } from '../../engine/phases/down.ts';
import { bringUp } from '../../engine/phases/up.ts';

type Attach = () => Promise<Partial<Attached>>;

/** A drill without a stack, of components that are attached in these ways, and what it tells. */
function drillOf(ways: Record<string, Attach>): { drill: Drill; told: string[] } {
  const told: string[] = [];
  const component = ([name, attach]: [string, Attach]) =>
    [
      name,
      { name, service: name, config: {}, declared: { driver: 'own' }, driver: { attach }, shares: [] },
    ] as const;
  const drill = {
    plan: {
      stackFile: null,
      stackOverrides: [],
      stores: [],
      strategy: { encryption: { keyFrom: 'NONE' } },
      scenario: { stepDeadline: { ms: 60_000 } },
      components: new Map(Object.entries(ways).map(component)),
    },
    attached: new Map(),
    ownSecrets: new Map(),
    secrets: new Set(),
    stores: new Map(),
    stack: {
      services: new Map(Object.keys(ways).map((name) => [name, { name, mounts: [], env: {}, argv: [] }])),
    },
    timeline: {
      emit: (type: string, data: { component?: string }) => void told.push(`${type} ${data.component}`),
    },
    signal: new AbortController().signal,
    clock: systemClock,
    progress: () => undefined,
    makeRepository: () => ({ close: async () => undefined }),
  } as unknown as Drill;
  return { drill, told };
}

/** Something that happens once, for others to wait for. */
function event(): { come(): void; came: Promise<void> } {
  let come!: () => void;
  const came = new Promise<void>((resolve) => {
    come = resolve;
  });
  return { come, came };
}

test('components are attached to at once, and told of in the order of the strategy', async () => {
  const second = event();
  const { drill, told } = drillOf({
    // It would wait for ever if the other were attached to only after it.
    first: async () => {
      await second.came;
      return { server: 'one' };
    },
    second: async () => {
      second.come();
      return { server: 'two' };
    },
  });
  await bringUp(drill);
  expect(told).toEqual(['component.attached first', 'component.attached second']);
  expect([...drill.attached.keys()]).toEqual(['first', 'second']);
});

test('what was attached when another could not be is closed with the drill, and what comes later at once', async () => {
  const [early, refused, late] = [event(), event(), event()];
  const closed: string[] = [];
  const lateClosed = event();
  const { drill, told } = drillOf({
    early: async () => {
      early.come();
      return { server: 'early', close: async () => void closed.push('early') };
    },
    refuses: async () => {
      await early.came;
      refused.come();
      throw new Error('it refuses');
    },
    late: async () => {
      await late.came;
      return {
        server: 'late',
        close: async () => {
          closed.push('late');
          lateClosed.come();
        },
      };
    },
  });
  await expect(bringUp(drill)).rejects.toThrow('it refuses');
  expect(told).toEqual([]);
  expect(await closeAll(drill)).toEqual([]);
  expect(closed).toEqual(['early']);
  late.come();
  await lateClosed.came;
  expect(closed).toEqual(['early', 'late']);
});
