import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOnHost } from '../../engine/host-command.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-host-command-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const env = { PATH: process.env['PATH']! };
const never = new AbortController().signal;
interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function run(argv: string[], limit = never, more: Record<string, string> = {}): Promise<Ran> {
  const said = { stdout: '', stderr: '' };
  const code = await runOnHost({
    argv,
    folder,
    env: { ...env, ...more },
    limit,
    stdout: (chunk) => void (said.stdout += Buffer.from(chunk).toString()),
    stderr: (chunk) => void (said.stderr += Buffer.from(chunk).toString()),
  });
  return { code, ...said };
}

/** Processes of this machine whose command line holds the text. */
const running = (text: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text) &&
          !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
        );
      } catch {
        return false;
      }
    });
/** A number that no other process has on its command line: a time to sleep, in seconds. */
const marked = (): string => `9${process.pid}${Math.floor(Math.random() * 1e6)}`;

/** Aborted as soon as the command has said something. */
async function stoppedOnceItSpeaks(script: string): Promise<Ran> {
  const limit = new AbortController();
  let stdout = '';
  const code = await runOnHost({
    argv: ['sh', '-c', script],
    folder,
    env,
    limit: limit.signal,
    stdout: (chunk) => {
      stdout += Buffer.from(chunk).toString();
      limit.abort();
    },
    stderr: () => undefined,
  });
  return { code, stdout, stderr: '' };
}

describe('a command on the host', () => {
  it('gets what it is given and nothing else, in the folder it is meant for', async () => {
    process.env['MUSTER_TEST_LEAK'] = 'leaked';
    const { code, stdout } = await run(['sh', '-c', 'env; pwd'], never, { GIVEN: 'yes' });
    delete process.env['MUSTER_TEST_LEAK'];
    expect(code).toBe(0);
    expect(stdout).toContain('GIVEN=yes\n');
    expect(stdout).toContain(`${folder}\n`);
    expect(stdout).not.toContain('MUSTER_TEST_LEAK');
  });

  it('has all that it said taken, however slow whoever takes it is', async () => {
    let bytes = 0;
    const code = await runOnHost({
      argv: ['head', '-c', '200000', '/dev/zero'],
      folder,
      env,
      limit: never,
      stdout: async ({ length }) => {
        await sleep(bytes === 0 ? 2_500 : 100);
        bytes += length;
      },
      stderr: () => undefined,
    });
    expect([code, bytes]).toEqual([0, 200_000]);
  });

  it('whose output cannot be taken is read to its end, and says why it could not', async () => {
    const done = join(folder, 'done');
    const running = runOnHost({
      argv: ['sh', '-c', `head -c 200000 /dev/zero; touch ${done}`],
      folder,
      env,
      limit: never,
      stdout: () => Promise.reject(new Error('no room')),
      stderr: () => undefined,
    });
    await expect(running).rejects.toThrow('no room');
    expect(existsSync(done)).toBe(true);
  });

  it('is not read by a shell', async () => {
    expect((await run(['echo', '$HOME; ls *'])).stdout).toBe('$HOME; ls *\n');
  });

  it('ends with its own exit code, and its output apart', async () => {
    expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('that is not there says so', async () => {
    await expect(run(['./not-there.sh'])).rejects.toThrow('./not-there.sh cannot be run on the host');
  });

  it('is ended at its limit with everything in its group, though it asks not to be', async () => {
    const seconds = marked();
    const { code } = await stoppedOnceItSpeaks(
      `trap '' TERM; sleep ${seconds} & sleep ${seconds}2 & echo begun; wait; wait; sleep ${seconds}3`,
    );
    expect(code).toBeNull();
    expect(running(`sleep\0${seconds}`)).toEqual([]);
  });

  it.each([
    ['asks not to be', "trap '' TERM"],
    ['ends when it is asked', ':'],
  ])('is ended at its limit with what left its group, as under timeout, and %s', async (_what, trap) => {
    const seconds = marked();
    const { code } = await stoppedOnceItSpeaks(
      `timeout 9999 sh -c "${trap}; sleep ${seconds} & echo begun; wait; sleep ${seconds}2"; sleep ${seconds}3`,
    );
    expect(code).toBeNull();
    expect(running(`sleep\0${seconds}`)).toEqual([]);
  });

  it('leaves what it started as a service, at its limit as well', async () => {
    const seconds = marked();
    await stoppedOnceItSpeaks(`(setsid sleep ${seconds} > /dev/null &) ; sleep 0.3; echo begun; sleep 30`);
    const left = running(`sleep\0${seconds}`);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    expect(left).toHaveLength(1);
  });

  it('may clean up when it is asked to end', async () => {
    const { stdout } = await stoppedOnceItSpeaks(
      "trap 'echo cleaned; exit 0' TERM; echo begun; sleep 30 & wait",
    );
    expect(stdout).toBe('begun\ncleaned\n');
  });

  it('takes along what it left running', async () => {
    const seconds = marked();
    expect((await run(['sh', '-c', `sleep ${seconds} & echo done`])).stdout).toBe('done\n');
    expect(running(`sleep\0${seconds}`)).toEqual([]);
  });

  it('is not waited for by what left its group with its output', async () => {
    const seconds = marked();
    expect((await run(['sh', '-c', `setsid sleep ${seconds} & sleep 0.2; echo done`])).stdout).toBe('done\n');
    for (const pid of running(`sleep\0${seconds}`)) process.kill(pid, 'SIGKILL');
  });

  it('nor by what goes on talking there, in a group of its own', async () => {
    const seconds = marked();
    const talks = `while :; do echo talking; sleep 0.${seconds}; done`;
    const { code, stdout } = await run(['sh', '-c', `setsid sh -c '${talks}' & sleep 0.2; echo done`]);
    expect([code, stdout.includes('done\n')]).toEqual([0, true]);
    for (const pid of running(seconds)) process.kill(pid, 'SIGKILL');
  });
});
