import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { currentOwner, fileOwner, ownerIsAlive, ownerIsGone } from '../../stack/owner.ts';
import { mayMount } from '../support/may-mount.ts';

const [pid, ticks, where] = currentOwner().split(':') as [string, string, string];
const [bootId, namespace] = where.split('.') as [string, string];
const otherBoot = '00000000-0000-4000-8000-000000000000';

describe('whether the owner of a stack lives', () => {
  test('this process does', () => {
    expect(ownerIsAlive(currentOwner(), true)).toBe(true);
    expect(Number(pid)).toBe(process.pid);
  });

  test('a process that ended does not', () => {
    const { pid: ended } = spawnSync('true');
    expect(ownerIsAlive(`${ended}:${ticks}:${where}`, true)).toBe(false);
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
      const [, started] = /\) \S(?: -?\d+){18} (\d+)/.exec(stat())!;
      expect(ownerIsAlive(`${ended}:${started}:${where}`, true)).toBe(true);
      await expect.poll(stat, { timeout: 10_000 }).toMatch(/\) Z /);
      expect(ownerIsAlive(`${ended}:${started}:${where}`, true)).toBe(false);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  test.each([
    ['a PID that another process has now', `${pid}:${Number(ticks) - 1}:${where}`, true, false],
    [
      'a process of an earlier boot of this machine',
      `${pid}:${ticks}:${otherBoot}.${namespace}`,
      true,
      false,
    ],
    [
      'a process of another machine that shares the engine',
      `${pid}:${ticks}:${otherBoot}.${namespace}`,
      false,
      true,
    ],
    ['a process in another PID namespace', `${pid}:${Number(ticks) - 1}:${bootId}.1`, true, true],
    ['something unreadable', 'me', true, true],
  ])('%s', (_, owner, engineIsLocal, alive) => {
    expect(ownerIsAlive(owner, engineIsLocal)).toBe(alive);
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
      const [, started] = /\) \S(?: -?\d+){18} (\d+)/.exec(stat)!;
      expect(ownerIsAlive(`${child.pid}:${started}:${where}`, true)).toBe(true);
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    }
  });
});

describe("whether what a process left in a file is nobody's any more", () => {
  const week = 7 * 24 * 3_600_000;
  /** Of a process of its own, which has ended when this is back; `before`: run in namespaces of its own. */
  const said = (before: string, ...owner: string[]): string => {
    const program = [process.execPath, join(import.meta.dirname, 'owner-of-file.ts'), ...owner];
    const [command, ...args] = before === '' ? program : ['unshare', '--mount', '--uts', 'sh', '-c'];
    if (before !== '') args.push(`${before} && exec "$@"`, 'sh', ...program);
    return execFileSync(command!, args, { encoding: 'utf8' }).trim();
  };

  test('one that ended on this machine is, and one that runs is not', () => {
    const ended = said('');
    expect(ended.split(':').slice(2)).toEqual(fileOwner().split(':').slice(2));
    expect(ownerIsGone(ended, Date.now())).toBe(true);
    expect(ownerIsGone(fileOwner(), 0)).toBe(false);
    expect(said('', fileOwner())).toBe('false');
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
    expect(said(without, '4194305::'), 'of before').toBe('false');
    const one = said(without);
    expect(one).toMatch(/^\d+:::[0-9a-f]{16}$/);
    expect(said(without, one)).toBe('false');
    expect(ownerIsGone(one, Date.now())).toBe(false);
    expect(ownerIsGone(one, Date.now() - week - 60_000)).toBe(true);
  });

  test.each(['me', '', '1:2'])('%j says nothing', (owner) => expect(ownerIsGone(owner, 0)).toBe(false));
});
