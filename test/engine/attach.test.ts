import { describe, expect, test } from 'vitest';
import type { Attached, AttachContext } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import { systemClock } from '../../core/clock.ts';
import type { Drill } from '../../engine/drill-context.ts';
import { closeAll } from '../../engine/phases/down.ts';
import { bringUp } from '../../engine/phases/up.ts';

type Attach = (context: AttachContext<never>) => Promise<Partial<Attached>>;

/** A drill without a stack, of components that are attached in these ways, and what it tells. */
function drillOf(
  ways: Record<string, Attach>,
  mounts: Service['mounts'] = [],
): { drill: Drill; told: string[] } {
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
      scenario: { stepDeadline: { ms: 60_000 }, recover: [] },
      components: new Map(Object.entries(ways).map(component)),
    },
    attached: new Map(),
    ownSecrets: new Map(),
    secrets: new Set(),
    stores: new Map(),
    stack: {
      services: new Map(Object.keys(ways).map((name) => [name, { name, mounts, env: {}, argv: [] }])),
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

test('a component finds services by whatever they are known by, and all that is attached by now', async () => {
  let context: AttachContext<never> | undefined;
  const { drill } = drillOf({
    first: async (given) => {
      context = given;
      return { server: 'one' };
    },
    second: async () => ({ server: 'two' }),
  });
  const services = drill.stack!.services as unknown as Map<string, { knownAs(): Promise<string[]> }>;
  services.get('first')!.knownAs = () => Promise.reject(new Error('its container is gone'));
  services.get('second')!.knownAs = async () => ['second', 'db.internal', '10.0.0.2'];
  await bringUp(drill);
  const found = async (host: string): Promise<string | undefined> => (await context!.named!(host))?.name;
  expect([await found('second'), await found('first')], 'by their names').toEqual(['second', 'first']);
  expect([await found('DB.internal'), await found('10.0.0.2')]).toEqual(['second', 'second']);
  expect([await found('10.0.0.20'), await found('db')], 'nobody').toEqual([undefined, undefined]);
  expect(context!.attached!().map(({ server }) => server)).toEqual(['one', 'two']);
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

/** F42 of the field cases, and its kind. */
describe('where the data of a component lies', () => {
  const named = (path: string) => ({ volume: 'data', path, anonymous: false });
  const ofImage = (path: string) => ({ volume: 'f'.repeat(64), path, anonymous: true });
  const folder = '/var/lib/postgresql/data';
  const attached = (mounts: Service['mounts']): Promise<void> =>
    bringUp(
      drillOf({ db: async () => ({ server: 'db', data: { folder } }) as Partial<Attached> }, mounts).drill,
    );

  test.each<[string, Service['mounts'], RegExp]>([
    [
      'a volume where nothing of it is',
      [named('/backups')],
      /^volume data at \/backups, with nothing of its data$/,
    ],
    [
      "a volume a folder too high, with the image's own below it",
      [named('/var/lib/postgresql'), ofImage(folder)],
      /with nothing of its data; it lies on a volume without a name, at \/var\/lib\/postgresql\/data$/,
    ],
    [
      'a volume whose name only begins the same',
      [named('/var/lib/post')],
      /^volume data at \/var\/lib\/post,/,
    ],
  ])('%s is said before anything is broken', async (_, mounts, found) => {
    await expect(attached(mounts)).rejects.toMatchObject({
      trouble: 'environment',
      message: `db keeps its data in ${folder}, which is on no volume of the compose file`,
      found: expect.stringMatching(found) as string,
      expected: `a volume at ${folder}`,
    });
  });

  test.each<[string, Service['mounts']]>([
    ['a volume at the folder', [named(folder)]],
    ['a volume above it', [named('/var/lib/postgresql')]],
    ['a volume above it with a slash at its end', [named('/var/lib/postgresql/')]],
    ["a volume at the folder, in the image's own", [ofImage('/var/lib/postgresql'), named(folder)]],
    ["a volume at the folder, beside the image's own", [named(folder), ofImage('/var/log')]],
    ["the image's own alone, on purpose", [ofImage(folder)]],
    ['none at all, on purpose', []],
  ])('%s is no trouble', async (_, mounts) => {
    await expect(attached(mounts)).resolves.toBeUndefined();
  });
});
