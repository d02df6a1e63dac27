import { describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { Attached } from '../../core/driver.ts';
import type { AbilityName, Inflicted, Proof } from '../../core/abilities.ts';
import type { AnyFault, ComponentFault } from '../../core/fault.ts';
import { faults } from '../../faults/index.ts';
import { everything } from '../support/tier.ts';
import { whenReady, type Rig, type Suite } from './driver-conformance.ts';

/** One way to try a fault on the suite's server. */
export interface FaultCase {
  /** Tells several cases of one fault apart. */
  name?: string;
  params?: Record<string, unknown>;
  /** What the refusal says, where this server cannot be broken that way. */
  refused?: RegExp;
  prepare?(rig: Rig): Promise<void>;
  /** Goes on while the fault is injected; gives the way to end it. */
  beside?(rig: Rig): Promise<() => Promise<void>>;
}

/** Lost data is the recovery's business: these leave something that only a restore or `mend` puts right. */
export const losesData: readonly AbilityName[] = [
  'wipe',
  'corruptPages',
  'dropTable',
  'damageFile',
  'stalePages',
  'encryptVolume',
  'deleteRows',
  'corruptRows',
  'flushAll',
];
/**
 * Effects that no look at the end tells from what a recovery leaves, or not on every server and file:
 * ARCHITECTURE.md says what judges them.
 */
const notAskedAgain: Partial<Record<AbilityName, string>> = {
  crash: 'another process runs',
  killLoop: 'by then it may have ended',
  exhaustMemory: 'another process runs',
  wipe: 'only where an application had data',
  flushAll: 'only where an application had data',
  encryptVolume: 'other files may have the names',
  deleteRows: 'not of the rows of a load',
  damageFile: 'a server may have mended the file, or have no use for it any more',
  stalePages: 'pages are rewritten',
};
/**
 * How long an inert fault is watched: long enough for a witness that looks at the wrong thing to be fooled.
 */
const watchedMs = 1_500;

const witnessed = (inflicted: Inflicted, deadlineMs: number): Promise<Proof | null> =>
  pollUntil(systemClock, { everyMs: 50, deadlineMs }, () => inflicted.witness());

/** What the stack does to a container, and what is done to any file of a data folder, whatever is in it. */
const generic: readonly AbilityName[] = [
  ...(['pause', 'hang', 'stop', 'killLoop', 'exhaustMemory', 'partition'] as const),
  ...(['damageFile', 'encryptVolume'] as const),
];

/**
 * Every registered fault that the driver can suffer: its witness, its undo, the undo's own check, and what it
 * must leave alone. `npm test` tries what is generic on one driver, and each fault in one way.
 */
export function abilityTests(suite: Suite): void {
  for (const [name, fault] of Object.entries<AnyFault>(faults)) {
    if (
      fault.on === 'store' ||
      fault.on === 'region' ||
      !fault.needs.every((need: AbilityName) => suite.driver.abilities.includes(need))
    )
      continue;
    if (!everything && !suite.triesGeneric && fault.needs.some((need: AbilityName) => generic.includes(need)))
      continue;
    const ways = suite.faults?.[name] ?? [{}];
    for (const one of everything ? ways : ways.slice(0, 1)) {
      describe(`fault ${name}${one.name ? `, ${one.name}` : ''}`, () => caseTests(suite, fault, one));
    }
  }
}

function caseTests(suite: Suite, fault: ComponentFault, one: FaultCase): void {
  const params = (): unknown => {
    const withTable = fault.params.safeParse({ table: suite.table, ...one.params });
    return withTable.success ? withTable.data : fault.params.parse(one.params ?? {});
  };
  const inject = async (target: Attached): Promise<Inflicted> => {
    const end = await one.beside?.(suite.rig());
    try {
      return await fault.inject(target, params() as never, { seed: 7 });
    } finally {
      await end?.();
    }
  };
  const loses = fault.needs.some((need: AbilityName) => losesData.includes(need));
  const ready = async (): Promise<Rig> => {
    await prepare(suite, suite.rig());
    await one.prepare?.(suite.rig());
    return suite.rig();
  };
  const heals = async (rig: Rig, { undo }: Inflicted): Promise<void> => {
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

  if (
    fault.needs.every((need: AbilityName) => (suite.inertAbilities ?? suite.driver.abilities).includes(need))
  ) {
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
    if (!Object.hasOwn(notAskedAgain, fault.needs[0]!))
      expect((await inflicted.stillThere!())?.what, 'still there, as nobody recovered').toMatch(/\w+ \w+/);
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
