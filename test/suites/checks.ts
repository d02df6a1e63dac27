import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { knownBadOf } from '../../core/known-bad.ts';
import { drivers } from '../../drivers/index.ts';
import { whenReady, type Suite } from './suite.ts';

const repository = join(import.meta.dirname, '../..');

/**
 * Each check green on a clean case, red on a known-bad one, and never green without a baseline; each action
 * seen to act.
 */
export function checkTests(suite: Suite): void {
  test('every declared check and action has a case in this suite', () => {
    const { names, file } = suite.elsewhere ?? { names: [], file: '' };
    const here = (declared: Record<string, unknown>): string[] =>
      Object.keys(declared)
        .filter((name) => !names.includes(name))
        .sort();
    expect(Object.keys(suite.checks).sort()).toEqual(here(suite.driver.checks));
    expect(Object.keys(suite.actions).sort()).toEqual(here(suite.driver.actions));
    const there = file && readFileSync(join(import.meta.dirname, '..', file), 'utf8');
    expect(
      names.filter((name) => !there.includes(name)),
      `not tried in ${file}`,
    ).toEqual([]);
  });
  test('what the report says of each check, where it was seen to fail, is so', () => {
    const here = relative(repository, expect.getState().testPath!);
    const [driver] = Object.entries(drivers).find(([, one]) => one === suite.driver)!;
    for (const [name, { knownBad }] of Object.entries(suite.driver.checks)) {
      const { shownBy } = knownBadOf(driver, knownBad);
      if (Object.hasOwn(suite.checks, name)) expect(shownBy, name).toBe(here);
      else expect(readFileSync(join(repository, shownBy), 'utf8'), name).toContain(name);
    }
  });

  for (const [name, { prepare, spoil, mend }] of Object.entries(suite.checks)) {
    describe(`check ${name}`, () => {
      const { spoilt: what } = suite.driver.checks[name]!.knownBad;
      test(`is green when nothing changed, and red where ${what}`, async () => {
        const rig = suite.rig();
        await whenReady(rig.attached);
        await prepare?.(rig);
        const check = rig.attached.checks[name]!;
        const baseline = (await check.before?.()) ?? null;
        expect(JSON.parse(JSON.stringify(baseline)), 'a baseline is JSON').toEqual(baseline);
        const clean = await check.after(baseline);
        expect(clean, clean.detail).toMatchObject({ verdict: 'pass' });
        await spoil(rig);
        const spoilt = await check.after(baseline);
        expect(spoilt, spoilt.detail).toMatchObject({ verdict: 'fail' });
        expect(spoilt.detail).toMatch(/\w/);
        await mend?.(rig);
      });
    });
  }

  for (const [name, { prepare, params, seen }] of Object.entries(suite.actions)) {
    test(`action ${name} does what it says`, async () => {
      const rig = suite.rig();
      await whenReady(rig.attached);
      await prepare?.(rig);
      expect(await seen(rig), 'not done yet').toBeNull();
      await rig.attached.actions[name]!(params);
      expect(await seen(rig), 'done').not.toBeNull();
    });
  }
}
