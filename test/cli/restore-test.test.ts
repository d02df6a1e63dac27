import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { DrillResult } from '../../core/result.ts';
import { memoryFiles } from '../support/memory-drill.ts';
import { jsonOf, muster, type Ended } from '../support/muster.ts';
import { scratch } from '../support/scratch.ts';

/** What an earlier drill left in a folder of the user's own, `kept-b`; `kept-a` held the other copy. */
let folder: string;
let component: string;
const env = { MUSTER_BACKUP_KEY: 'ab'.repeat(32) };

beforeAll(async () => {
  ({ folder } = memoryFiles({
    stores: { a: '{ kind: directory, path: ./kept-a }', b: '{ kind: directory, path: ./kept-b }' },
  }));
  const { components } = parse(readFileSync(join(folder, 'strategy.yaml'), 'utf8')) as {
    components: Record<string, unknown>;
  };
  component = Object.keys(components)[0]!;
  const { code, stdout, stderr } = await muster(['run', 'scenario.yaml', '--out', 'before'], {
    cwd: folder,
    env,
  });
  expect(code, stdout + stderr).toBe(0);
}, 90_000);

const restoreTest = (...args: string[]): Promise<Ended> =>
  muster(['restore-test', 'strategy.yaml', component, ...args], { cwd: folder, env });

describe('muster restore-test', () => {
  test('restores what an earlier drill left, and says how long that took: 0', async () => {
    const { code, stdout, stderr } = await restoreTest('--check', 'rows');
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/^✓ PASS {2}Restore test of store-/);
    expect(stdout).toMatch(/PASS {2}report: \.muster\/drills\/[^/]+\/report\.html\n\n$/);
    const [bundle] = globSync('.muster/drills/*', { cwd: folder });
    expect(await muster(['report', bundle!], { cwd: folder, env })).toMatchObject({ code: 0 });
  });

  test('as JSON, from the store that is named', async () => {
    const ended = await restoreTest('--check', 'rows', '--from', 'b', '--json', '--out', 'json');
    const { drills } = jsonOf<{ drills: { result: DrillResult }[] }>(ended);
    const restored = drills[0]!.result.findings.find(({ id }) => id === 'restored')!;
    expect(restored).toMatchObject({ verdict: 'pass', unit: 'ms', actual: expect.any(Number) as number });
    expect(drills[0]!.result.time.rtaMs, 'no client waited for it').toBeNull();
  });

  test('with nothing to hold it against nothing is proven: 2', async () => {
    const { code, stdout } = await restoreTest('--out', 'unchecked');
    expect(code, stdout).toBe(2);
    expect(stdout).toContain('No check was declared');
  });

  test.each([
    ['a component that there is none', ['none'], /none/],
    ['a check that there is none', [null, '--check', 'rowz'], /rowz.*\n.*rows/s],
    ['a store that there is none', [null, '--check', 'rows', '--from', 'c'], /c/],
  ] as const)('%s is wrong input: 64, and nothing runs', async (_, [other, ...args], said) => {
    const ended = await muster(['restore-test', 'strategy.yaml', other ?? component, ...args], {
      cwd: folder,
      env,
    });
    expect(ended.code, ended.stderr).toBe(64);
    expect(ended.stderr).toMatch(said);
  });

  test('a point that was damaged is refused, and the other copy is told of as restored: 1', async () => {
    for (const file of globSync('kept-a/**/files/*', { cwd: folder })) rmSync(join(folder, file));
    const { code, stdout } = await restoreTest('--check', 'rows', '--out', 'damaged');
    expect(code, stdout).toBe(1);
    expect(stdout).toContain('A broken backup was found');
  });

  test('from wherever it is begun: paths of a strategy are from its own folder', async () => {
    const elsewhere = mkdtempSync(join(scratch, 'elsewhere-'));
    const args = ['restore-test', join(folder, 'strategy.yaml'), component, '--check', 'rows', '--from', 'b'];
    const { code, stdout, stderr } = await muster(args, { cwd: elsewhere, env });
    expect(code, stdout + stderr).toBe(0);
    expect(readdirSync(elsewhere)).toEqual(['.muster']);
  });

  test('without any point there it fails: 1', async () => {
    for (const name of readdirSync(join(folder, 'kept-b')))
      rmSync(join(folder, 'kept-b', name), { recursive: true });
    const { code, stdout } = await restoreTest('--check', 'rows', '--from', 'b', '--out', 'missing');
    expect(code, stdout).toBe(1);
    expect(stdout).toContain('no recovery point');
    expect(readdirSync(join(folder, 'kept-b')), 'a restore test leaves nothing there').toEqual([]);
  });

  test('from a folder that is not there it says so, and makes none: 64', async () => {
    rmSync(join(folder, 'kept-b'), { recursive: true });
    const { code, stdout, stderr } = await restoreTest('--check', 'rows', '--from', 'b', '--out', 'none');
    expect({ code, stdout }, stderr).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(/^strategy\.yaml:\d+:\d+: error: .* store "b": there is no such folder$/m);
    expect(existsSync(join(folder, 'kept-b'))).toBe(false);
  });

  test('a store that is not asked for may be gone, and is not made', async () => {
    rmSync(join(folder, 'kept-b'), { recursive: true, force: true });
    await restoreTest('--check', 'rows', '--from', 'a', '--out', 'other');
    expect(existsSync(join(folder, 'kept-b'))).toBe(false);
  });
});
