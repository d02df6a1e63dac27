import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { memoryFiles } from '../support/memory-drill.ts';
import { jsonOf, muster, type Ended } from '../support/muster.ts';
import { since } from './since-cases.ts';

interface Row {
  backup: string;
  ok: boolean;
  proof: { takenAt: string | null } | null;
  failedSince: { drill: string; why: string } | null;
  openSince: { drill: string } | null;
}

const env = { MUSTER_BACKUP_KEY: 'cd'.repeat(32) };
let folder: string;
let component: string;
let backup: string;
const run = (...args: string[]): Promise<Ended> => muster(args, { cwd: folder, env });
const drill = async (): Promise<void> => {
  const { code, stdout, stderr } = await run('run', 'scenario.yaml', '--seed', '7');
  expect(code, stdout + stderr).toBe(0);
};
const restoreTest = (...args: string[]): Promise<Ended> =>
  run('restore-test', 'strategy.yaml', component, ...args);
const proven = (): Promise<Ended> => run('proven', backup, '--within', '90d');
const row = async (): Promise<[number | null, Row]> => {
  const ended = await run('proven', backup, '--within', '90d', '--json');
  return [ended.code, jsonOf<{ backups: Row[] }>(ended).backups[0]!];
};

beforeAll(async () => {
  ({ folder } = memoryFiles({
    stores: { a: '{ kind: directory, path: ./kept-a }', b: '{ kind: directory, path: ./kept-b }' },
  }));
  component = Object.keys(
    (parse(readFileSync(join(folder, 'strategy.yaml'), 'utf8')) as { components: object }).components,
  )[0]!;
  backup = `${component}.snapshot`;
  await drill();
}, 90_000);

/** One after the other: each goes on from what the one before left. */
describe('a backup that was proven, where', { timeout: 90_000 }, () => {
  test('nothing came since: 0, with the age of the point that was restored', async () => {
    const { code, stdout } = await proven();
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/; of a point taken at \d{4}-\d\d-\d\d \d\d:\d\d UTC, which is .* old; /);
    expect(await row()).toMatchObject([0, { ok: true, failedSince: null, openSince: null }]);
  });

  test(`${since.open}: 0`, async () => {
    expect((await restoreTest('--from', 'b')).code).toBe(2);
    const [code, { openSince, failedSince }] = await row();
    expect([code, failedSince]).toEqual([0, null]);
    expect(openSince!.drill).toContain('restore-test');
    expect((await proven()).stdout).toMatch(/\n {4}left open in \S+, at .*: No check was declared/);
  });

  test(`${since.failed}: 1, and which one`, async () => {
    for (const file of globSync('kept-a/**/files/*', { cwd: folder })) rmSync(join(folder, file));
    expect((await restoreTest('--check', 'rows', '--from', 'a')).code).toBe(1);
    const [code, { ok, proof, failedSince }] = await row();
    expect([code, ok, proof !== null]).toEqual([1, false, true]);
    expect(failedSince!.drill).toContain('restore-test');
    const { stdout } = await proven();
    expect(stdout).toMatch(new RegExp(`^✗ ${backup} {2}proven .*, and failed since$`, 'm'));
    expect(stdout).toMatch(/\n {4}failed in \S+restore-test\S+, at \d{4}-.*: /);
  });

  test(`${since.restored}: 0`, async () => {
    await drill();
    expect(await row()).toMatchObject([0, { ok: true, failedSince: null, openSince: null }]);
  });

  test(`${since.other}: 0`, async () => {
    const strategy = readFileSync(join(folder, 'strategy.yaml'), 'utf8');
    const other = strategy.replace(/snapshot: (\{.*\})/, 'snapshot: $1\n      other: $1');
    writeFileSync(join(folder, 'strategy.yaml'), other);
    expect((await restoreTest('--check', 'rows', '--from', 'b', '--backup', 'other')).code).toBe(1);
    writeFileSync(join(folder, 'strategy.yaml'), strategy);
    expect(await row()).toMatchObject([0, { ok: true, failedSince: null }]);
  });
});
