import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { currentOwner, ownerEndedHere, ownerIsGone, ownerIsSeen } from '../../stack/owner.ts';
import { mayMount } from '../support/may-mount.ts';

const [pid, ticks, where, machine] = currentOwner().split(':') as [string, string, string, string];
const [bootId, namespace] = where.split('.') as [string, string];
const otherBoot = '00000000-0000-4000-8000-000000000000';
const week = 7 * 24 * 3_600_000;
const startOf = (child: number): string =>
  /\) \S(?: -?\d+){18} (\d+)/.exec(readFileSync(`/proc/${child}/stat`, 'utf8'))![1]!;
/** Asked at the moment when what it left was made. */
const isGone = (owner: string, engineIsLocal = true): boolean =>
  ownerIsGone(owner, Date.now(), { engineIsLocal });
/**
 * What a process of its own says, which has ended when this is back: whose it is, or whether an owner's
 * things are nobody's. `before`: run in namespaces of its own.
 */
const said = (before: string, ...args: string[]): string => {
  const program = [process.execPath, join(import.meta.dirname, 'owner-of-file.ts'), ...args];
  const command = before === '' ? program : ['unshare', '--mount', '--uts', 'sh', '-c'];
  if (before !== '') command.push(`${before} && exec "$@"`, 'sh', ...program);
  return execFileSync(command[0]!, command.slice(1), { encoding: 'utf8' }).trim();
};

describe('whether the owner of a stack lives', () => {
  test('this process does', () => {
    expect(isGone(currentOwner())).toBe(false);
    expect(ownerEndedHere(currentOwner())).toBe(false);
    expect(Number(pid)).toBe(process.pid);
  });

  test('a process that ended does not', () => {
    const { pid: ended } = spawnSync('true');
    expect(isGone(`${ended}:${ticks}:${where}:${machine}`)).toBe(true);
    expect(ownerEndedHere(`${ended}:${ticks}:${where}:${machine}`)).toBe(true);
  });

  test('a process that ended and that its parent has not asked about does not', async () => {
    // A shell that does not wait for its child, having become another program.
    const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [said] = (await once(parent.stdout, 'data')) as [Buffer];
      const ended = Number(said.toString());
      const stat = (): string => readFileSync(`/proc/${ended}/stat`, 'utf8');
      const owner = `${ended}:${startOf(ended)}:${where}:${machine}`;
      expect(isGone(owner)).toBe(false);
      await expect.poll(stat, { timeout: 10_000 }).toMatch(/\) Z /);
      expect(isGone(owner)).toBe(true);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  test.each([
    ['a PID that another process has now', `${pid}:${Number(ticks) - 1}:${where}:${machine}`, true, true],
    [
      'a process of another machine with another boot, behind a local socket',
      `${pid}:${ticks}:${otherBoot}.${namespace}:0123456789abcdef`,
      true,
      false,
    ],
    ['a process of a container in an earlier boot', `${pid}:${ticks}:${otherBoot}.1:${machine}`, true, false],
    [
      'a process of another machine that shares the engine',
      `${pid}:${ticks}:${otherBoot}.${namespace}:0123456789abcdef`,
      false,
      false,
    ],
    [
      'a process of an earlier boot of this machine, of an engine elsewhere',
      `${pid}:${ticks}:${otherBoot}.${namespace}:${machine}`,
      false,
      false,
    ],
    [
      'a process of another machine of the same snapshot',
      `4194305:5:${where}:0123456789abcdef`,
      false,
      false,
    ],
    ['a process of another machine without /proc', '4194305:::0123456789abcdef', false, false],
    ['a process in another PID namespace', `4194305:5:${bootId}.1:${machine}`, true, false],
  ])('%s', (_, owner, engineIsLocal, gone) => {
    expect(isGone(owner, engineIsLocal)).toBe(gone);
    expect(ownerIsSeen(owner)).toBe(gone);
    expect(ownerEndedHere(owner)).toBe(gone);
    expect(ownerIsGone(owner, null, { engineIsLocal }), 'made nobody knows when').toBe(gone);
    expect(ownerIsGone(owner, Date.now() - week - 60_000, { engineIsLocal }), 'after a week').toBe(true);
  });

  test.each(['me', '', 'kept', `${pid}:${ticks}:${where}`, `-1:${ticks}:${where}:${machine}`])(
    '%j says nothing, for ever',
    (owner) => expect(ownerIsGone(owner, 0, { engineIsLocal: true })).toBe(false),
  );

  test.runIf(mayMount)('a process of an earlier boot of this machine does not, where it has an ID', () => {
    const earlier = (of: string): string => of.replace(bootId, otherBoot);
    const withId = 'mount --bind /proc/sys/kernel/random/boot_id /etc/machine-id';
    expect(said(withId, earlier(said(withId)), 'local')).toBe('true');
    expect(said(withId, earlier(said(withId)), 'remote')).toBe('false');
    expect(said(withId, earlier(currentOwner()), 'local'), 'of another machine').toBe('false');
    const without = 'mount --bind /dev/null /etc/machine-id';
    expect(said(without, earlier(said(without)), 'local'), 'by its name alone').toBe('false');
  });

  test.runIf(mayMount)('a process that /proc hides from other users does, until it ends', () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const owner = `${child.pid}:${startOf(child.pid!)}:${where}:${machine}`;
    const { pid: ended } = spawnSync('true');
    const hidden = `mount -t proc -o hidepid=2 proc /proc && set -- setpriv --reuid 65534 --clear-groups "$@"`;
    try {
      expect(said(hidden, owner, 'local')).toBe('false');
      expect(said(hidden, `${ended}:5:${where}:${machine}`, 'local')).toBe('true');
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('a command whose name holds brackets and spaces does', () => {
    // proc_pid_stat(5): the second field is the command's name, which may look like anything.
    const folder = mkdtempSync(join(tmpdir(), 'muster-owner-'));
    const program = join(folder, 'a) 1 (b c');
    symlinkSync('/bin/sleep', program);
    const child = spawn(program, ['60'], { stdio: 'ignore' });
    try {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      expect(stat).toContain('(a) 1 (b c)');
      expect(isGone(`${child.pid}:${startOf(child.pid!)}:${where}:${machine}`)).toBe(false);
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });
});

describe("whether what a process left in a file is nobody's any more", () => {
  test('one that ended on this machine is, and one that runs is not', () => {
    const ended = said('');
    expect(ended.split(':').slice(2)).toEqual(currentOwner().split(':').slice(2));
    expect(ownerIsGone(ended, Date.now())).toBe(true);
    expect(ownerIsGone(currentOwner(), 0)).toBe(false);
    expect(said('', currentOwner())).toBe('false');
    expect(said('', ended)).toBe('true');
  });

  test.runIf(mayMount).each([
    ['by its name', 'hostname muster-other'],
    ['by its machine-id', 'mount --bind /proc/sys/kernel/random/boot_id /etc/machine-id'],
  ])('one of another machine with the same boot ID, %s, is after a week', (_, before) => {
    const other = said(before);
    expect(other.split(':')[2]).toBe(where);
    expect(ownerIsGone(other, Date.now())).toBe(false);
    expect(ownerIsGone(other, Date.now() - week - 60_000)).toBe(true);
    expect(said(before, other), 'there').toBe('true');
    expect(said(before, said('')), 'and the other way round').toBe('false');
  });

  test.runIf(mayMount)('where no /proc tells, each other one is after a week', () => {
    const without = 'mount -t tmpfs tmpfs /proc';
    expect(said(without, '4194305:::0123456789abcdef')).toBe('false');
    const one = said(without);
    expect(one).toMatch(/^\d+:::[0-9a-f]{16}$/);
    expect(said(without, one)).toBe('false');
    expect(ownerIsGone(one, Date.now())).toBe(false);
    expect(ownerIsGone(one, Date.now() - week - 60_000)).toBe(true);
  });
});
