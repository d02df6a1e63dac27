import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { matrixOf } from '../../cli/matrix.ts';
import { registries } from '../../cli/registries.ts';
import { everyFault, type Registries } from '../../core/registries.ts';

const root = join(import.meta.dirname, '../..');
/** What each kind of target is called in the tests of its suite. */
const storeSuites: Record<string, RegExp> = { directory: /a store that is a folder/, s3: /a bucket/ };
const effect = /its witness sees it, its undo heals it, and nothing else was touched/;
const undoneAtOnce = /its undo works at once, and again/;

interface Listed {
  file: string;
  name: string;
}

/**
 * Every test that there is of drivers and faults. They are collected, and none is run, so that all may share
 * what they import.
 */
async function collected(): Promise<Listed[]> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-collected-'));
  const list = join(folder, 'tests.json');
  try {
    await new Promise<void>((resolve, reject) => {
      execFile(
        process.execPath,
        [
          join(root, 'node_modules/vitest/vitest.mjs'),
          'list',
          '--no-isolate',
          `--json=${list}`,
          'test/drivers',
          'test/faults',
        ],
        { cwd: root, env: { ...process.env, MUSTER_TESTS: 'all' } },
        (error, stdout, stderr) => (error ? reject(new Error(`${stdout}\n${stderr}`)) : resolve()),
      );
    });
    return JSON.parse(readFileSync(list, 'utf8')) as Listed[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ofFault = (name: string, fault: string): boolean => new RegExp(`fault ${fault}(,[^>]*)? > `).test(name);
const ofDriver = (tests: readonly Listed[], driver: string, fault: string): string[] =>
  tests
    .map(({ name }) => name)
    .filter((name) => new RegExp(`^driver ${driver}\\b`).test(name) && ofFault(name, fault));

/** What a container suffers whatever runs in it: tried on the server of one driver. A crash depends on it. */
const isOfContainers = (known: Registries, fault: string): boolean =>
  fault !== 'crash' && known.faults[fault]?.on === 'container';
const onAnyServer = (tests: readonly Listed[], fault: string): string[] =>
  tests.map(({ name }) => name).filter((name) => /^driver (?!memory\b)/.test(name) && ofFault(name, fault));

/** `redis: crash`, `container: pause`: pairings that plan lets through and that no test tries. */
function untried(tests: readonly Listed[], known: Registries): string[] {
  const { components, stores, regions } = matrixOf(known);
  const taken = (rows: typeof components): [taker: string, fault: string][] =>
    rows.flatMap(({ fault, takers }) =>
      Object.entries(takers)
        .filter(([, reason]) => reason === null)
        .map(([taker]): [string, string] => [taker, fault]),
    );
  const ofContainers = components.map(({ fault }) => fault).filter((fault) => isOfContainers(known, fault));
  return [
    ...ofContainers
      .filter((fault) => !onAnyServer(tests, fault).some((name) => effect.test(name)))
      .map((fault) => ['container', fault]),
    ...taken(components.filter(({ fault }) => !ofContainers.includes(fault))).filter(
      ([driver, fault]) => !ofDriver(tests, driver, fault).some((name) => effect.test(name)),
    ),
    ...taken(stores).filter(
      ([kind, fault]) =>
        !tests.some(
          ({ name }) => (storeSuites[kind] ?? /$^/).test(name) && ofFault(name, fault) && effect.test(name),
        ),
    ),
    // Regions have no suite: each of their faults has a file of its own.
    ...regions
      .filter(
        ({ fault }) =>
          !tests.some(
            ({ file, name }) =>
              file.endsWith(`/faults/${fault}.docker.test.ts`) &&
              /nothing else is touched; the undo/.test(name),
          ),
      )
      .map(({ fault }) => ['region', fault]),
  ].map((pair) => pair.join(': '));
}

/**
 * Pairings whose undo is not tried before anybody has looked: a drill that failed heals at once. What loses
 * data is the recovery's to bring back.
 */
function notUndoneAtOnce(tests: readonly Listed[]): string[] {
  const every = everyFault(registries);
  const loses = (name: string): boolean => {
    const fault = every[name]!;
    return 'losesData' in fault && fault.losesData !== undefined;
  };
  // Of a full disk the suite of bounded volumes does both in one test.
  const { components } = matrixOf(registries);
  return components
    .filter(({ fault }) => fault !== 'disk-full' && !loses(fault))
    .flatMap(({ fault, takers }) => {
      if (isOfContainers(registries, fault))
        return onAnyServer(tests, fault).some((name) => undoneAtOnce.test(name))
          ? []
          : [`container: ${fault}`];
      return Object.keys(takers)
        .filter(
          (driver) =>
            takers[driver] === null &&
            !ofDriver(tests, driver, fault).some((name) => undoneAtOnce.test(name)),
        )
        .map((driver) => `${driver}: ${fault}`);
    });
}

test('every fault is tried on everything that can take it: its effect is witnessed, its undo too, and nothing else is touched', {
  timeout: 300_000,
}, async () => {
  const tests = await collected();
  expect(tests.length).toBeGreaterThan(500);
  expect(untried(tests, registries)).toEqual([]);
  expect(notUndoneAtOnce(tests)).toEqual([]);
  // A fault, a driver or a kind of store that nothing tries shows.
  const { faults, drivers, stores } = registries;
  expect(untried(tests, { ...registries, faults: { ...faults, blink: faults['pause']! } })).toEqual([
    'container: blink',
  ]);
  expect(untried(tests, { ...registries, faults: { ...faults, gnaw: faults['flip-bits']! } })).toContain(
    'redis: gnaw',
  );
  expect(
    untried(tests, {
      ...registries,
      drivers: {
        ...drivers,
        new: { ...drivers['memory']!, faults: { crash: drivers['memory']!.faults['crash']! } },
      },
    }),
  ).toEqual(['new: crash']);
  expect(untried(tests, { ...registries, stores: { ...stores, tape: stores['directory']! } })).toContain(
    'tape: bucket-emptied',
  );
});
