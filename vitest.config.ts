import { existsSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { folderIn } from './test/support/run-folder.ts';

// Whatever the tests write for a moment lies in one folder.
process.env['TMPDIR'] = folderIn(tmpdir());
/**
 * Stores and drills in memory are in memory where there is room: a store flushes every object, and a busy
 * disk takes seconds for that.
 */
const ram = '/dev/shm';
const hasRoom = (folder: string): boolean => {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= 2 * 1024 ** 3;
};
const inMemory = hasRoom(ram) ? folderIn(ram) : process.env['TMPDIR'];
/**
 * What Node has compiled. Each run loads the files of tests under names of its own, which nobody asks for
 * again: beyond so many it begins anew.
 */
const compiled = join(import.meta.dirname, 'node_modules/.cache/compile');
const compiledMax = 20_000;
if (existsSync(compiled) && readdirSync(compiled, { recursive: true }).length > compiledMax)
  rmSync(compiled, { recursive: true, force: true });

/** Every third moment of a file is waiting for a process or a disk. */
const besideUnits = 4;
/** What an engine does takes longer than the second that is usual, where the machine is busy. */
const polled = { poll: { timeout: 60_000 } };
const containers = {
  testTimeout: 300_000,
  hookTimeout: 600_000,
  expect: polled,
  globalSetup: 'test/support/reference-images.ts',
};

const drills = 'test/drills/**/*.docker.test.ts';
const scenarios = 'test/drills/scenarios.docker.test.ts';
const variants = 'test/drills/variants.docker.test.ts';
/**
 * What asks what dead owners left, which the start of any drill by the command line sweeps up: beside it only
 * stacks that tests make themselves.
 */
const accidents = 'test/accidents/accidents.docker.test.ts';
const environment = 'test/accidents/environment.docker.test.ts';
/** Leave something of a dead owner themselves, or have what any `muster gc` removes: alone. */
const alone = ['deployment', 'prepared'].map((name) => `test/stack/${name}.docker.test.ts`);

/**
 * What only `npm run test:all` runs: every scenario with something taken away, the cases of the field on real
 * servers, and what a driver, a store or the stack can beyond its conformance. Of scenarios and of faults
 * that any service can suffer `npm test` runs one for each family (test/support/tier.ts).
 */
const everything = process.env['MUSTER_TESTS'] === 'all';
const onlyInAll = everything
  ? []
  : [
      'drills/variants',
      'drills/failover',
      'drills/jobs',
      'drills/own-scripts',
      'drills/package',
      'drills/pipelines',
      'drills/made-anew',
      'drills/region',
      'drills/restore-test',
      'drills/scripted-restore-test',
      'drills/projects',
      'drills/several-files',
      'drills/hardened',
      'drills/tls-only',
      'drills/everything-fixed',
      'drills/sidecar',
      'drills/sidecar-bucket',
      'drills/idle-restore',
      'drills/field-cases/*',
      'stores/s3-followed',
      'faults/cpu-starved',
      'faults/region-lost',
      'faults/stores',
      'faults/unusual',
      'fixtures/app/app',
      ...[
        'as-it-is',
        'built',
        'client-endpoint',
        'external-volume',
        'host',
        'inherited',
        'partition',
        'unlabelled',
      ].map((file) => `stack/${file}`),
      ...[
        'behind-init',
        'beyond-a-dump',
        'empty-folder',
        'events',
        'existing',
        'fingerprint',
        'inventory',
        'inventory-kinds',
        'ledger-table',
        'limited',
        'of-use',
        'other-engines',
        'own-data',
        'own-path',
        'passwords',
        'recovery',
        'replay-short',
        'still-there',
        'ways-in',
        'zones',
      ].map((file) => `drivers/mysql/${file}`),
      ...[
        'connections',
        'existing',
        'hardened',
        'limited',
        'of-use',
        'own-path',
        'passwords',
        'recovery',
        'still-there',
        'structure',
        'tls',
        'usable',
      ].map((file) => `drivers/postgres/${file}`),
      ...['existing', 'inventory', 'limited', 'older', 'recovery', 'tls'].map(
        (file) => `drivers/mariadb/${file}`,
      ),
      ...[
        'bounded',
        'redis-checks',
        'redis-existing',
        'redis-expiries',
        'redis-fingerprint',
        'redis-follows',
        'redis-kinds',
        'redis-of-use',
        'redis-preload',
        'redis-put-back',
        'redis-recovery',
        'replicas',
        'still-there',
        'storage-faults',
      ].map((file) => `drivers/${file}`),
    ].map((file) => `test/${file}.docker.test.ts`);

/**
 * The few small drills of `npm test` run beside the servers; all of them would be too many there. The
 * accidents are one file, and mostly wait.
 */
const besideDrills = { maxWorkers: 4, sequence: { groupOrder: 1 } };

/** Minutes each: begun last, they would keep one worker busy while the others have nothing left. */
const long = [
  'accidents/accidents.docker.test.ts',
  'drivers/redis.docker.test.ts',
  'drivers/mysql.docker.test.ts',
  'drivers/postgres.docker.test.ts',
  'drivers/mariadb.docker.test.ts',
  'drivers/mysql/empty-folder.docker.test.ts',
  'drivers/mysql/recovery.docker.test.ts',
  'drivers/mysql/events.docker.test.ts',
  'drivers/toxiproxy.docker.test.ts',
  'drivers/valkey.docker.test.ts',
  'drivers/bounded.docker.test.ts',
  'drills/redis.docker.test.ts',
  'accidents/environment.docker.test.ts',
  'drivers/nginx.docker.test.ts',
  'drivers/postgres/recovery.docker.test.ts',
  'drivers/mysql/inventory.docker.test.ts',
  'drivers/http/reference.docker.test.ts',
  'drivers/mariadb/recovery.docker.test.ts',
  'drivers/mysql/still-there.docker.test.ts',
  'drivers/mysql/of-use.docker.test.ts',
  'drivers/replicas.docker.test.ts',
  'drivers/postgres/existing.docker.test.ts',
  'drivers/postgres/of-use.docker.test.ts',
  'drills/field-cases/mysql-inventory.docker.test.ts',
  'drills/projects.docker.test.ts',
  'drills/sidecar.docker.test.ts',
  'drills/sidecar-bucket.docker.test.ts',
  'drills/pipelines.docker.test.ts',
  'drills/own-scripts.docker.test.ts',
  'drills/several-files.docker.test.ts',
  'drills/tls-only.docker.test.ts',
  'drills/everything-fixed.docker.test.ts',
  'drills/hardened.docker.test.ts',
  'drills/field-cases/as-it-is.docker.test.ts',
  'drills/field-cases/redis.docker.test.ts',
  'stores/accidents.test.ts',
  'cli/signals.test.ts',
  'cli/run-and-report.test.ts',
  'engine/drill.test.ts',
  'cli/jobs.test.ts',
  'evidence/contradictions.test.ts',
  'engine/fails-anywhere.test.ts',
  'cli/sweep.test.ts',
].map((file) => `test/${file}`);
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number =>
      (long.findIndex((file) => moduleId.endsWith(file)) + long.length + 1) % (long.length + 1);
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** `--sequence.shuffle.files` finds what rests on an earlier file; our own sequencer would keep its order. */
const shuffled = process.argv.some((one) => one.startsWith('--sequence.shuffle'));

export default defineConfig({
  test: {
    // No retries, anywhere: a drill harness that needs a second try proves nothing.
    retry: 0,
    reporters: ['default', './test/support/slowest.ts'],
    sequence: shuffled ? {} : { sequencer: LongestFirst },
    // Modules are loaded by Node as they are written, as the command line loads them: made over by Vite, each
    // name that is imported costs a call wherever it stands.
    experimental: { viteModuleRunner: false },
    // The command line is started hundreds of times; compiling it is half of each start.
    env: {
      NODE_COMPILE_CACHE: compiled,
      MUSTER_TESTS_MEMORY: inMemory,
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.docker.test.ts'],
          maxWorkers: besideUnits,
          // What takes seconds takes minutes on a busy machine; what hangs still ends.
          testTimeout: 240_000,
          // Loading everything anew for each file was more than a third of what the tests cost.
          isolate: false,
          setupFiles: ['test/support/fresh-scratch.ts'],
        },
      },
      { test: { name: 'environment', include: [environment], maxWorkers: besideUnits, ...containers } },
      { test: { name: 'accidents', include: [accidents], ...besideDrills, ...containers } },
      // Conformance on real servers and on the engine: mostly waiting, so more files at a time than cores.
      {
        test: {
          name: 'servers',
          include: ['test/{drivers,stores,fixtures,faults,stack}/**/*.docker.test.ts'],
          exclude: [...alone, ...onlyInAll],
          ...besideDrills,
          ...containers,
        },
      },
      // Both run their drills side by side themselves.
      { test: { name: 'scenarios', include: [scenarios], ...containers, sequence: { groupOrder: 2 } } },
      {
        test: {
          name: 'variants',
          include: [variants],
          exclude: onlyInAll,
          ...containers,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'drills',
          include: [drills],
          exclude: [scenarios, variants, ...onlyInAll],
          ...(everything ? { maxWorkers: 4, sequence: { groupOrder: 4 } } : besideDrills),
          ...containers,
        },
      },
      {
        test: {
          name: 'alone',
          include: everything ? alone : [],
          maxWorkers: 1,
          ...containers,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
