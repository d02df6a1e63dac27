import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { removeDeadFolders } from '../../cli/host.ts';
import { beganAt } from '../../engine/process-tree.ts';
import { currentOwner } from '../../stack/owner.ts';

let home: string;
let said: string[];
let begun: number[];
let children: ChildProcess[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'muster-left-running-'));
  vi.stubEnv('TMPDIR', home);
  [said, begun, children] = [[], [], []];
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const pid of begun) if (beganAt(pid) !== null) process.kill(pid, 'SIGKILL');
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const drill = (): string => join(home, 'drills/one');
const next = (): Promise<string[]> => removeDeadFolders(home, (text) => said.push(text));

/** The script says the PIDs of what it has begun on a line each, and then `begun`. */
async function started(script: string): Promise<{ child: ChildProcess; pids: number[] }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'commanding.ts'), drill(), script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const pids: number[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line === 'begun') break;
    pids.push(Number(line));
    begun.push(Number(line));
  }
  return { child, pids };
}

async function killed(script: string): Promise<number[]> {
  const { child, pids } = await started(script);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return pids;
}

const areRunning = (pids: readonly number[]): boolean[] => pids.map((pid) => beganAt(pid) !== null);
/** For ever, and notes it when what keeps it to the drill is gone from under it. */
const loop = 'while :; do [ -d "$TOOLS" ] || : > no-guard; sleep 0.01; done';
const service = (title: string): string => `(setsid sh -c 'echo $$; exec sleep 9${title}' &); sleep 0.3`;

describe('what a script on the host left whose Muster was killed', () => {
  test.each([
    ['itself', `echo $$; echo begun; ${loop}`],
    ['what it began', `echo $$; sh -c 'echo $$; echo begun; ${loop}'; :`],
    ['what asks not to be ended', `trap '' TERM HUP INT; echo $$; echo begun; ${loop}`],
    ['what left its group', `echo $$; timeout 9999 sh -c 'echo $$; echo begun; ${loop}'; :`],
    [
      'what it left in its group',
      `P=$PPID; sh -c 'echo $$; echo begun; ${loop}' & while kill -0 $P; do sleep 0.01; done 2> /dev/null`,
    ],
    ['one that took its environment away', `echo $$; echo begun; exec env -i TOOLS="$TOOLS" sh -c '${loop}'`],
  ])('is ended by the next start, before what keeps it to the drill goes: %s', async (_, script) => {
    const pids = await killed(script);
    expect(areRunning(pids)).toEqual(pids.map(() => true));
    expect(await next()).toEqual([join(drill(), 'scratch')]);
    expect(areRunning(pids)).toEqual(pids.map(() => false));
    expect(existsSync(join(home, 'drills/no-guard'))).toBe(false);
    expect(said).toEqual(['ended what a killed drill left running: 1 command on the host']);
    said.length = 0;
    expect([await next(), said]).toEqual([[], []]);
  });

  test.each([
    ['beside a script that goes on', `${service('01')}; echo $$; echo begun; ${loop}`, [true, false]],
    ['of one that has ended', `${service('02')}; echo begun`, [true]],
    [
      "of Docker's",
      `(setsid sh -c 'echo $$; exec sleep 903' docker &); sleep 0.3; echo $$; echo begun; ${loop}`,
      [true, false],
    ],
  ])('stays where it is a service, as after a drill: %s', async (_, script, stay) => {
    const pids = await killed(script);
    expect(await next()).toEqual([join(drill(), 'scratch')]);
    expect(areRunning(pids)).toEqual(stay);
  });

  test('goes on where its Muster does', async () => {
    const { pids } = await started(`echo $$; echo begun; ${loop}`);
    expect([await next(), said]).toEqual([[], []]);
    expect(areRunning(pids)).toEqual([true]);
    expect(readdirSync(join(drill(), 'scratch')).toSorted()).toEqual(['.commands', '.owner', 'tools']);
  });
});

describe("nothing that is not a drill's is ended", () => {
  const dead = currentOwner().replace(/^\d+:\d+/, '4194305:1');
  /** A process that leads a group of its own, and what a drill of that owner says of a command. */
  async function noted(
    owner: string,
    name: (pid: number) => string,
    script = 'echo $$; exec sleep 904',
    env: NodeJS.ProcessEnv = {},
  ): Promise<number> {
    const child = spawn('sh', ['-c', script], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], ...env },
    });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    begun.push(pid);
    mkdirSync(join(drill(), 'scratch/.commands'), { recursive: true });
    writeFileSync(join(drill(), 'scratch/.owner'), owner);
    writeFileSync(join(drill(), 'scratch/.commands', name(child.pid!)), '');
    await expect.poll(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('904');
    return pid;
  }
  const right = (pid: number): string => `${pid}-${beganAt(pid)}`;
  const machine = (owner: string): string => owner.replace(/[^:]*$/, '0123456789abcdef');
  const leaves = "sh -c 'echo $$; exec sleep 904' &";

  test('but it is where all of it agrees', async () => {
    const pid = await noted(dead, right);
    expect(await next()).toEqual([join(drill(), 'scratch')]);
    expect(areRunning([pid])).toEqual([false]);
  });

  test.each([
    ['a PID that was given out again', dead, (pid: number) => `${pid}-1`],
    ['a note that says no process', dead, (pid: number) => `${pid}`],
    ['a process of an owner that lives', currentOwner(), right],
    ["another machine's PID", machine(dead), right],
    ['a PID of another boot', dead.replace(/:[^:.]*\./, ':00000000-0000-4000-8000-000000000000.'), right],
  ])('%s', async (_, owner, name) => {
    const pid = await noted(owner, name);
    await next();
    expect(said).toEqual([]);
    expect(areRunning([pid])).toEqual([true]);
  });

  test.each([
    ['says nothing of the drill', {}, true],
    ['is of another drill', { MUSTER_COMMAND_OWNER: currentOwner() }, true],
    ['is of this one', { MUSTER_COMMAND_OWNER: dead }, false],
  ])('a group without the one that began it, of which what is there %s', async (_, env, stays) => {
    const pid = await noted(dead, (leader) => `${leader}-1`, leaves, env);
    await expect.poll(() => existsSync(`/proc/${children.at(-1)!.pid}`)).toBe(false);
    await next();
    expect(areRunning([pid])).toEqual([stays]);
  });
});
