import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { ActiveFault } from '../../core/active-fault.ts';
import type { AnyFault, StoreFault, StoreTarget, RouteTo } from '../../core/fault.ts';
import { filesOf } from '../../core/recovery-point.ts';
import { faults } from '../../faults/index.ts';
import { inertTarget, type StoreRig } from '../support/store-rig.ts';
import { inertService } from './inert-service.ts';

/**
 * How long an inert fault is watched: long enough for a witness that looks at the wrong thing to be fooled.
 */
const watchedMs = 500;

/** Ways to try a fault that has more than one. */
const cases: Record<string, Record<string, unknown>[]> = {
  'store-unreachable': [{ how: 'refuse' }, { how: 'hang' }],
  'store-slow': [{ proxy: 'target', delay: '500ms' }],
};

const isStoreFault = (fault: AnyFault): fault is StoreFault<never> => fault.on === 'store';

/**
 * Every registered fault that a store of this kind can suffer: its witness, its undo, the undo's own check,
 * and what it must leave alone.
 */
export function storeFaultTests(
  setup: () => Promise<StoreRig>,
  {
    service,
    route,
  }: {
    service: boolean;
    /** With a route to the store, only what is broken there is tried; this one does nothing to it. */
    route?: () => RouteTo;
  },
): void {
  let rig: StoreRig;
  beforeAll(async () => {
    rig = await setup();
    await rig.backUp();
    await rig.backUp();
  });
  afterAll(async () => {
    await rig?.close();
  });

  for (const [name, fault] of Object.entries<AnyFault>(faults)) {
    if (
      !isStoreFault(fault) ||
      (fault.needsService && !service) ||
      (fault.through !== undefined) !== (route !== undefined)
    )
      continue;
    for (const given of cases[name] ?? [{}]) {
      describe(`fault ${name}${Object.values(given).length > 0 ? `, ${Object.values(given).join(', ')}` : ''}`, () => {
        const inject = (target: StoreTarget): Promise<ActiveFault> =>
          fault.inject(target, fault.params.parse(given), { seed: 7 });
        const heals = async ({ undo }: ActiveFault): Promise<void> => {
          const healed = await pollUntil(
            systemClock,
            { everyMs: 50, deadlineMs: undo.deadlineMs },
            async () => (await undo.healed()) === true,
          );
          expect(healed, 'healed within the deadline of the undo').toBe(true);
          expect(await rig.target.refusal(), 'it can be restored from again').toBeNull();
        };

        test('its witness sees nothing when nothing happened', async () => {
          const inflicted = await inject(inertTarget(rig.target, inertService, route));
          expect(
            await pollUntil(systemClock, { everyMs: 50, deadlineMs: watchedMs }, () => inflicted.witness()),
          ).toBeNull();
        });

        test('its witness sees it, its undo heals it, and nothing else was touched', async () => {
          const [before, others] = [await rig.contents(rig.target), await rig.contents(rig.other)];
          const inflicted = await inject(rig.target);
          const proof = await pollUntil(
            systemClock,
            { everyMs: 50, deadlineMs: fault.witnessDeadlineMs },
            () => inflicted.witness(),
          );
          expect(proof?.what, 'a proof in words').toMatch(/\w+ \w+/);
          expect(await inflicted.undo.healed(), 'not healed yet').toBe(false);
          expect(await rig.contents(rig.other)).toEqual(others);
          await inflicted.undo.run();
          await heals(inflicted);
          expect(await rig.contents(rig.target)).toEqual(before);
          expect(await rig.contents(rig.other)).toEqual(others);
        });

        // A drill that failed heals at once, whatever had been seen by then; an interrupted one may do so
        // twice.
        test('its undo works at once, and again', async () => {
          const before = await rig.contents(rig.target);
          const inflicted = await inject(rig.target);
          await inflicted.undo.run();
          await inflicted.undo.run();
          await heals(inflicted);
          expect(await rig.contents(rig.target)).toEqual(before);
        });
      });
    }
  }

  if (!route)
    test('object-corrupted changes as many bytes as it says, in the middle of the largest file of the newest point', async () => {
      const [newest] = await rig.target.points();
      const file = filesOf(newest!).find((one) => one.name === 'data.bin')!;
      const bytesOf = async (): Promise<Buffer> =>
        Buffer.concat((await (await rig.target.store.read(file.key)).toArray()) as Buffer[]);
      const before = await bytesOf();
      const inflicted = await faults['object-corrupted'].inject(rig.target, { bytes: 16 }, { seed: 7 });
      const now = await bytesOf();
      const changed = [...now.keys()].filter((i) => now[i] !== before[i]);
      expect(now.length).toBe(before.length);
      expect(changed).toHaveLength(16);
      expect(changed[0]).toBe(Math.floor((before.length - 16) / 2));
      expect((await rig.target.refusal())?.why).toMatch(/SHA-256/);
      await inflicted.undo.run();
      expect(await bytesOf()).toEqual(before);
    });
}
