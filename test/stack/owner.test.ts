import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { currentOwner, ownerIsAlive } from '../../stack/owner.ts';

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
