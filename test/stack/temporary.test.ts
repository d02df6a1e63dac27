import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { currentOwner } from '../../stack/owner.ts';
import { removeDeadTemporary, temporaryFolder } from '../../stack/temporary.ts';

let ground: string;
let children: ChildProcess[] = [];
beforeEach(() => {
  ground = mkdtempSync(join(tmpdir(), 'muster-ground-'));
  vi.stubEnv('TMPDIR', ground);
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  vi.unstubAllEnvs();
  rmSync(ground, { recursive: true, force: true });
});

/** A process of its own that has laid something down. */
async function left(...words: string[]): Promise<{ child: ChildProcess; folder: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'leaving.ts'), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [said] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, folder: said.toString().trim() };
}

async function killed(): Promise<string> {
  const { child, folder } = await left();
  child.kill('SIGKILL');
  await once(child, 'exit');
  return folder;
}
const root = (): string => join(ground, `muster-${process.getuid!()}`);
/** `<pid>:<start>:<boot>` of a process that is gone. */
const nobody = (): string => currentOwner().replace(/^\d+:\d+/, '2:1');

describe('temporary folders', () => {
  test('what a killed process left is removed, and what one has that lives is not', async () => {
    const [dead, alive, own] = [await killed(), await left(), await temporaryFolder('environment')];
    expect(existsSync(join(dead, 'drill.yml')), 'outlives kill -9').toBe(true);
    expect(statSync(dirname(dead)).mode & 0o777).toBe(0o700);
    expect(await removeDeadTemporary()).toEqual([dead]);
    expect([dead, dirname(dead), alive.folder, own].map((path) => existsSync(path))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(await removeDeadTemporary()).toEqual([]);
  });

  test('a process that ends by itself leaves no folder of its own without anything in it', async () => {
    const { child, folder } = await left('end');
    await once(child, 'exit');
    rmSync(dirname(folder), { recursive: true });
    expect(readdirSync(root())).toEqual([]);
  });

  test('what Muster did not make stays: without a mark, open to others, a link, or marked by a link', async () => {
    mkdirSync(root(), { mode: 0o700 });
    const theirs = join(ground, 'theirs');
    mkdirSync(theirs, { mode: 0o700 });
    writeFileSync(join(theirs, 'precious'), '');
    writeFileSync(join(theirs, '.owner'), nobody());
    symlinkSync(theirs, join(root(), 'link'));
    for (const name of ['unmarked', 'open', 'by-link']) {
      mkdirSync(join(root(), name), { mode: 0o700 });
      writeFileSync(join(root(), name, 'precious'), '');
    }
    chmodSync(join(root(), 'open'), 0o755);
    writeFileSync(join(root(), 'open/.owner'), nobody());
    symlinkSync(join(theirs, '.owner'), join(root(), 'by-link/.owner'));
    expect(await removeDeadTemporary()).toEqual([]);
    const precious = [theirs, ...['unmarked', 'open', 'by-link'].map((name) => join(root(), name))];
    expect(precious.map((folder) => existsSync(join(folder, 'precious')))).toEqual([true, true, true, true]);
    writeFileSync(join(root(), 'unmarked/.owner'), nobody());
    expect(await removeDeadTemporary(), 'marked by itself').toEqual([join(root(), 'unmarked/precious')]);
  });

  test("another machine's, on a share, stay: of one that cannot be seen for a week", async () => {
    const other = currentOwner().replace(/:[^:.]*\./, ':00000000-0000-4000-8000-000000000000.');
    const path = join(root(), 'other');
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(root(), 0o700);
    writeFileSync(join(path, 'drill.yml'), '');
    writeFileSync(join(path, '.owner'), other);
    expect(await removeDeadTemporary()).toEqual([]);
    expect(existsSync(join(path, 'drill.yml'))).toBe(true);
    const old = Date.now() / 1_000 - 8 * 24 * 3_600;
    utimesSync(join(path, '.owner'), old, old);
    expect(await removeDeadTemporary()).toEqual([join(path, 'drill.yml')]);
  });

  test('where another has taken the name, a plain temporary folder serves', async () => {
    const theirs = join(ground, 'theirs');
    mkdirSync(theirs, { mode: 0o700 });
    symlinkSync(theirs, root());
    const folder = await temporaryFolder('compose');
    expect(dirname(folder)).toBe(ground);
    expect(readdirSync(theirs)).toEqual([]);
    expect(await removeDeadTemporary()).toEqual([]);
  });
});
