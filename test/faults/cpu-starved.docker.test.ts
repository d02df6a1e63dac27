import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import type { Running, Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import cpuStarved from '../../faults/container/cpu-starved.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { everything } from '../support/tier.ts';
import { containerOf, smallStack, uniqueDrill } from '../stack/small-stack.ts';

// What the fault claims beyond the conformance suite, and what its witness must not be fooled by.
const drill = uniqueDrill('cpu-starved');
let stack: Stack;
const busy: Running[] = [];
const service = (name: string): Service => stack.services.get(name)!;

const starve = (on: Service, cpus = 0.05): Promise<ActiveFault> =>
  cpuStarved.inject({ service: on, clock: systemClock }, { cpus }, { seed: 1 });
const proofOf = (fault: ActiveFault): Promise<Proof | null> =>
  pollUntil(systemClock, { everyMs: 50, deadlineMs: cpuStarved.witnessDeadlineMs }, () => fault.witness());
/** Work of the container's own, for as long as the test lasts. */
const keepBusy = async (on: Service): Promise<void> => {
  const running = await on.spawn(['sh', '-c', 'while :; do :; done']);
  running.stdout.resume();
  busy.push(running);
};
const madeWith = async (name: string): Promise<Record<string, number>> => {
  const { NanoCpus, CpuQuota } = (await (await containerOf(drill, name)).inspect()).HostConfig;
  return { NanoCpus: NanoCpus ?? 0, CpuQuota: CpuQuota ?? 0 };
};

beforeAll(async () => {
  const progress = (): void => undefined;
  const file = await smallStack(`  limited:
    image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
    cpus: 0.4
  idle:
    image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
    command: [sleep, infinity]
`);
  stack = await createStackProvider({ progress }).up({ file, drill, environment: {}, progress });
});
afterEach(async () => {
  for (const each of busy.splice(0)) await each.kill();
});
afterAll(() => stack?.down());

describe('cpu-starved', () => {
  test('a limit of its own that holds it back is not taken for a cut that had no effect', async () => {
    const limited = service('limited');
    const before = await limited.processorTime();
    const fault = await starve({ ...limited, limitProcessor: async () => undefined });
    await keepBusy(limited);
    await expect
      .poll(async () => (await limited.processorTime()).throttledPeriods - before.throttledPeriods, {
        timeout: 60_000,
      })
      .toBeGreaterThan(20);
    expect(await fault.witness()).toBeNull();
    expect(await fault.stillThere!()).toBeNull();
  });

  test('a cut below a limit of its own is witnessed, and undone to that', async () => {
    const limited = service('limited');
    const made = await madeWith('limited');
    const fault = await starve(limited);
    await keepBusy(limited);
    expect((await proofOf(fault))?.what).toMatch(/held its own work back/);
    await fault.undo.run();
    expect(await fault.undo.healed()).toBe(true);
    expect(await madeWith('limited')).toEqual(made);
    expect(made['NanoCpus']).toBe(400_000_000);
  });
});

// What it does to a container, and that it is undone, is in the conformance suite of each driver.
if (everything)
  describe('cpu-starved, beyond that', () => {
    test('work of its own is held back, across a restart, until the undo', async () => {
      const cache = service('cache');
      const fault = await starve(cache);
      await keepBusy(cache);
      expect((await proofOf(fault))?.what).toMatch(/held its own work back in \d+ periods/);
      const { pid } = await cache.state();
      await cache.signalFromHost('SIGKILL');
      await expect
        .poll(async () => ((await cache.state()).pid ?? pid) !== pid, { timeout: 60_000 })
        .toBe(true);
      expect((await fault.stillThere!())?.what).toMatch(/held work that Muster ran in it back/);
      expect(await fault.undo.healed()).toBe(false);
      await fault.undo.run();
      expect(await fault.undo.healed()).toBe(true);
      expect(await fault.stillThere!()).toBeNull();
      expect(await madeWith('cache')).toEqual({ NanoCpus: 0, CpuQuota: -1 });
    });

    test('where nothing works the witness says that the work was its own', async () => {
      const fault = await starve(service('idle'));
      expect((await proofOf(fault))?.what).toMatch(/held work that Muster ran in it, and not its own, back/);
      await fault.undo.run();
    });

    test('what is hardly a cut is refused, with nothing changed', async () => {
      const made = await madeWith('limited');
      await expect(starve(service('limited'), 0.3)).rejects.toThrow('hardly more than that share');
      expect(await madeWith('limited')).toEqual(made);
    });

    test('an engine that says it is lifted while the kernel still holds it back is not believed', async () => {
      const cache = service('cache');
      const { share } = await cache.processorTime();
      const fault = await starve({
        ...cache,
        processorTime: async () => ({ ...(await cache.processorTime()), share }),
      });
      expect(await fault.undo.healed()).toBe(false);
      await fault.undo.run();
      expect(await fault.undo.healed()).toBe(true);
    });

    test('a container that is frozen shows nothing, and that is said', async () => {
      const cache = service('cache');
      const fault = await starve(cache);
      await cache.pause();
      await expect(fault.stillThere!()).rejects.toThrow('not seen');
      expect(await fault.undo.healed()).toBe(false);
      await cache.unpause();
      await fault.undo.run();
      expect(await fault.undo.healed()).toBe(true);
    });
  });
