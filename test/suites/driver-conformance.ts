import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultTests } from './faults.ts';
import { backupTests } from './backups.ts';
import { checkTests } from './checks.ts';
import { workloadTests } from './workload.ts';
import { type Rig, type Conformance, type Suite, whenReady } from './suite.ts';

/** Every promise of the Driver contract, held against a real server. */
export function driverConformance(conformance: Conformance): void {
  describe(`driver ${conformance.name}`, { timeout: 120_000 }, () => {
    let current: Rig | undefined;
    let next = 0;
    const rig = (): Rig => {
      if (!current) throw new Error('setup has not succeeded');
      return current;
    };
    const suite: Suite = {
      ...conformance,
      rig,
      data: () => {
        const { workload } = rig().attached;
        if (workload?.kind !== 'data') throw new Error('not a data workload');
        return workload;
      },
      freshIds: () => (next += 65_536),
    };
    beforeAll(async () => {
      current = await conformance.setup();
    }, 300_000);
    afterAll(async () => {
      await current?.close();
    }, 120_000);

    test('offers what it declares, and nothing else', () => {
      const { driver } = conformance;
      const { attached } = rig();
      expect(Object.keys(attached.backups).sort()).toEqual(Object.keys(driver.backups).sort());
      expect(Object.keys(attached.actions).sort()).toEqual(Object.keys(driver.actions).sort());
      expect(Object.keys(attached.checks).sort()).toEqual(Object.keys(driver.checks).sort());
      expect(attached.workload?.kind ?? null).toBe(driver.workload);
      for (const [method, info] of Object.entries(driver.backups)) {
        const offered = attached.backups[method]!;
        expect(
          Boolean(
            info.kind === 'snapshot' ? offered.backup && offered.restore : offered.follow && offered.replay,
          ),
          `${method} is ${info.kind}`,
        ).toBe(true);
      }
      expect(attached.server).toMatch(/\d/);
    });

    test('is ready, and says so', async () => {
      await whenReady(rig().attached);
    });

    if (conformance.driver.workload === 'data') workloadTests(suite);
    if (conformance.driver.workload === 'data') backupTests(suite);
    faultTests(suite);
    checkTests(suite);
  });
}
