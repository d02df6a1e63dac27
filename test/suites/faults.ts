import { describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { Attached } from '../../core/driver.ts';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import type { ComponentFault } from '../../core/fault.ts';
import { everyFault, faultFor } from '../../core/registries.ts';
import { drivers } from '../../drivers/index.ts';
import { injectInto } from '../../engine/targets/component.ts';
import { faults } from '../../faults/index.ts';
import { everything } from '../support/tier.ts';
import { whenReady, type Rig, type Suite } from './suite.ts';
import type { FaultCase } from './suite.ts';

const registries = { faults, drivers };

/**
 * Effects that no look at the end tells from what a recovery leaves, or not on every server and file:
 * ARCHITECTURE.md says what judges them.
 */
const notAskedAgain: Record<string, string> = {
  crash: 'another process runs',
  'kill-loop': 'by then it may have ended',
  'memory-limit': 'another process runs',
  'wipe-volume': 'only where an application had data',
  'flush-all': 'only where an application had data',
  'encrypt-volume': 'other files may have the names',
  'delete-rows': 'not of the rows of a load',
  'flip-bits': 'a server may have mended the file, or have no use for it any more',
  'truncate-file': 'a server may have mended the file, or have no use for it any more',
  'delete-file': 'a server may have mended the file, or have no use for it any more',
  'stale-page': 'pages are rewritten',
};
/**
 * How long an inert fault is watched: long enough for a witness that looks at the wrong thing to be fooled.
 */
const watchedMs = 1_500;

const witnessed = (inflicted: ActiveFault, deadlineMs: number): Promise<Proof | null> =>
  pollUntil(systemClock, { everyMs: 50, deadlineMs }, () => inflicted.witness());

/** Tried on every driver all the same: what a crash does depends on the server. */
const alwaysTried = ['crash', 'disk-full'];
/**
 * What the stack does to a container, whatever runs in it: one driver shows it. What is done to a file of a
 * data folder is the same code for each driver too, but which file it is and how the server takes it is not:
 * `npm run test:all` tries those on every one.
 */
const isGeneric = (name: string, fault: ComponentFault): boolean =>
  !alwaysTried.includes(name) && (fault.on === 'container' || (fault.on === 'storage' && !everything));

/**
 * Every registered fault that the driver can suffer: its witness, its undo, the undo's own check, and what it
 * must leave alone. What is generic is tried on one driver; `npm test` tries each fault in one way.
 */
export function faultTests(suite: Suite): void {
  for (const name of Object.keys(everyFault(registries))) {
    const fault = faultFor(suite.driver, name, registries);
    if (typeof fault === 'string') continue;
    if (!suite.triesGeneric && isGeneric(name, fault)) continue;
    if (suite.sharesFaults && !everything && !alwaysTried.includes(name)) continue;
    const ways = suite.faults?.[name] ?? [{}];
    for (const one of everything ? ways : ways.slice(0, 1)) {
      describe(`fault ${name}${one.name ? `, ${one.name}` : ''}`, () => caseTests(suite, name, fault, one));
    }
  }
}

function caseTests(suite: Suite, name: string, fault: ComponentFault, one: FaultCase): void {
  const params = (): unknown => {
    const withTable = fault.params.safeParse({ table: suite.table, ...one.params });
    return withTable.success ? withTable.data : fault.params.parse(one.params ?? {});
  };
  const inject = async (target: Attached): Promise<ActiveFault> => {
    const end = await one.beside?.(suite.rig());
    try {
      return await injectInto({ attached: target, clock: systemClock }, fault, params(), { seed: 7 });
    } finally {
      await end?.();
    }
  };
  const loses = fault.losesData !== undefined;
  const ready = async (): Promise<Rig> => {
    await prepare(suite, suite.rig());
    await one.prepare?.(suite.rig());
    return suite.rig();
  };
  const heals = async (rig: Rig, { undo }: ActiveFault): Promise<void> => {
    const healed = await pollUntil(
      systemClock,
      { everyMs: 50, deadlineMs: undo.deadlineMs },
      async () => (await undo.healed()) !== false,
    );
    expect(healed, 'healed within the deadline of the undo').toBe(true);
    expect(await undo.healed()).toBe(loses ? null : true);
    if (loses) await suite.mend!(rig);
    await whenReady(rig.attached);
  };
  const { refused } = one;
  if (refused) {
    test('is refused, with the reason', async () => {
      const rig = await ready();
      await expect(inject(rig.attached)).rejects.toSatisfy(
        (error: Error & { found?: string; expected?: string }) =>
          refused.test(`${error.message} ${error.found} ${error.expected}`),
      );
      await whenReady(rig.attached);
    });
    return;
  }

  if (suite.inertFaults?.includes(name) ?? true) {
    test('its witness sees nothing when nothing happened', async () => {
      const rig = await ready();
      const inflicted = await inject(rig.inert);
      expect(await witnessed(inflicted, watchedMs)).toBeNull();
      await inflicted.undo.run();
    });
  }

  test('its witness sees it, its undo heals it, and nothing else was touched', async () => {
    const rig = await ready();
    const others = await suite.others?.();
    const inflicted = await inject(rig.attached);
    const proof = await witnessed(inflicted, fault.witnessDeadlineMs);
    expect(proof?.what, 'a proof in words').toMatch(/\w+ \w+/);
    if (!Object.hasOwn(notAskedAgain, name))
      expect((await inflicted.stillThere!())?.what, 'still there, as nobody recovered').toMatch(/\w+ \w+/);
    if (fault.askedAgain) expect(inflicted.stillThere, 'askedAgain, as it says').toBeDefined();
    expect(inflicted.undo.deadlineMs).toBeGreaterThan(0);
    await inflicted.undo.run();
    expect(await suite.others?.()).toEqual(others);
    await heals(rig, inflicted);
    if (!loses) expect((await inflicted.stillThere?.()) ?? null, 'nothing of it is seen any more').toBeNull();
  });

  // A drill that failed heals at once, whatever had been seen by then; an interrupted one may do so twice.
  if (!loses) {
    test('its undo works at once, and again', async () => {
      const rig = await ready();
      const inflicted = await inject(rig.attached);
      await inflicted.undo.run();
      await inflicted.undo.run();
      await heals(rig, inflicted);
    });
  }
}

/** Something to lose: rows of the workload, and whatever the table of the suite needs. */
async function prepare(suite: Suite, { attached }: Rig): Promise<void> {
  await whenReady(attached);
  if (attached.workload?.kind !== 'data') return;
  await attached.workload.prepare();
  const client = await attached.workload.open();
  const first = suite.freshIds();
  const ids = Array.from({ length: attached.workload.groupSize }, (_, i) => first + i);
  await client.write(
    ids,
    ids.map(() => 'something to lose'),
  );
  await client.close();
}
