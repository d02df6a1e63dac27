import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { TimelineEvent } from '../../core/timeline.ts';
import { readChain } from '../../evidence/chain.ts';
import { memoryFiles } from '../support/memory-drill.ts';
import { startMuster } from '../support/muster.ts';
import { childrenOf, lives } from '../support/processes.ts';

/** A drill whose restore never ends, so that only a signal ends it. */
const hanging = (what = 'restore'): string =>
  memoryFiles({
    config: `{ bad: { hangs: ${what} } }`,
    scenario: { points: '1', fault: '{ wipe-volume: store, at: +1s }' },
  }).folder;
const restoring = /restore store-\w+ from b/;

/** By then it has fetched what it restores, and hangs. */
const hangs = (): Promise<void> => systemClock.sleep(1_000);

const timelines = (folder: string): TimelineEvent[][] =>
  globSync('.muster/drills/*/events.jsonl', { cwd: folder }).map(
    (file) => readChain(readFileSync(join(folder, file), 'utf8')).events as TimelineEvent[],
  );
function expectEndedInOrder(folder: string, drills = 1): void {
  const all = timelines(folder);
  expect(all).toHaveLength(drills);
  for (const events of all)
    expect(events.at(-1)).toMatchObject({ type: 'drill.ended', data: { outcome: 'interrupted' } });
}

const main = join(import.meta.dirname, '../../cli/main.ts');
/** Many processes at once: on a busy machine each takes its time. */
const slow = { concurrent: true, timeout: 300_000 };
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

describe('a signal while a step hangs', slow, () => {
  test.each(signals)(
    '%s: the drill is healed and judged at once, and the process is gone with 130',
    async (signal) => {
      const folder = hanging();
      const started = startMuster(['run', 'scenario.yaml'], { cwd: folder });
      await started.said(restoring);
      await hangs();
      started.child.kill(signal);
      const { code, stdout, stderr } = await started.ended;
      expect(code, stderr).toBe(130);
      expect(stderr).toMatch(/interrupted: healing/);
      expect(stdout).toMatch(/\(interrupted\)/);
      expectEndedInOrder(folder);
      expect(timelines(folder)[0]!.at(-1)!.data).toMatchObject({ error: `by ${signal}` });
    },
  );

  test.each(signals)('%s, with drills side by side: all of them end, and nobody is left', async (signal) => {
    const folder = hanging();
    writeFileSync(join(folder, 'second.yaml'), readFileSync(join(folder, 'scenario.yaml')));
    const started = startMuster(['run', 'scenario.yaml', 'second.yaml', '--jobs', '2'], { cwd: folder });
    await started.said(/restore store-\w+ from b \(at most[^]*restore store-\w+ from b \(at most/);
    await hangs();
    const children = childrenOf(started.child.pid!);
    process.kill(-started.child.pid!, signal);
    const { code, stderr } = await started.ended;
    expect(code, stderr).toBe(130);
    expect(children.filter(lives)).toEqual([]);
    expectEndedInOrder(folder, 2);
  });

  test('SIGINT, before the processes of the drills have begun: no drill is left, and none is blamed', async () => {
    const folder = hanging();
    writeFileSync(join(folder, 'second.yaml'), readFileSync(join(folder, 'scenario.yaml')));
    const started = startMuster(['run', 'scenario.yaml', 'second.yaml', '--jobs', '2'], { cwd: folder });
    await started.said(/drill 2 of 2/);
    const children = childrenOf(started.child.pid!);
    process.kill(-started.child.pid!, 'SIGINT');
    const { code, stderr } = await started.ended;
    expect(code, stderr).toBe(130);
    expect(stderr).not.toContain('Muster itself broke');
    expect(children.filter(lives)).toEqual([]);
  });

  test('sent twice in a breath, as npm does with what the terminal sends to all: it counts once', async () => {
    const folder = hanging();
    const started = startMuster(['run', 'scenario.yaml'], { cwd: folder });
    await started.said(restoring);
    await hangs();
    started.child.kill('SIGINT');
    started.child.kill('SIGINT');
    expect((await started.ended).code).toBe(130);
    expectEndedInOrder(folder);
  });
});

/**
 * Runs a command in a terminal of its own, closes the terminal once it shows a text, and prints the command's
 * exit code.
 */
const inTerminal = `
import fcntl, os, pty, re, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
shown = b""
while not re.search(sys.argv[1].encode(), shown): shown += os.read(terminal, 4096)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

test('a terminal that is closed ends the drill in order, though nothing can be shown any more', async () => {
  const folder = hanging();
  const python = spawn(
    'python3',
    ['-c', inTerminal, 'restore store-', process.execPath, main, 'run', 'scenario.yaml'],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const told: Buffer[] = [];
  python.stdout.on('data', (chunk: Buffer) => void told.push(chunk));
  await once(python, 'close');
  expect(Buffer.concat(told).toString().trim()).toBe('130');
  expectEndedInOrder(folder);
});

/**
 * A project in which Muster is installed, and `npx muster run scenario.yaml` in it, in a process group of its
 * own.
 */
function startNpx(folder: string): {
  pid: number;
  ended: Promise<unknown>;
  said(text: RegExp): Promise<void>;
} {
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "name": "project", "private": true }');
  const bin = join(folder, 'node_modules/.bin/muster');
  writeFileSync(bin, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  chmodSync(bin, 0o755);
  const child = spawn('npx', ['--no', '--offline', 'muster', 'run', 'scenario.yaml'], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.on('data', (chunk: Buffer) => void (told += chunk.toString()));
  const said = (text: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      child.stderr.on('data', () => text.test(told) && resolve());
      child.once('exit', () => reject(new Error(told)));
    });
  return { pid: child.pid!, ended: once(child, 'close'), said };
}

/** How npx may be told: itself, or with everything that it started. */
const ways: [what: string, send: (pid: number) => void][] = [
  ['SIGTERM to npx', (pid) => process.kill(pid, 'SIGTERM')],
  ['SIGTERM to its group', (pid) => process.kill(-pid, 'SIGTERM')],
  ['SIGINT to its group, as Ctrl-C', (pid) => process.kill(-pid, 'SIGINT')],
  ['SIGHUP to npx, which passes nothing on', (pid) => process.kill(pid, 'SIGHUP')],
  ['SIGHUP to its group, as a closed terminal', (pid) => process.kill(-pid, 'SIGHUP')],
  ['SIGKILL to npx', (pid) => process.kill(pid, 'SIGKILL')],
];

describe('under npx, a drill whose step hangs ends in order', slow, () => {
  test.each(ways)('%s', async (_, send) => {
    const folder = hanging();
    const { pid, ended, said } = startNpx(folder);
    await said(restoring);
    await hangs();
    send(pid);
    // Standard error is closed when the last one that holds it has ended.
    await ended;
    expectEndedInOrder(folder);
  });
});

test('under npx, that npm is gone later than Muster was told is no second signal', {
  timeout: 300_000,
}, async () => {
  const folder = hanging('close');
  const { pid, ended, said } = startNpx(folder);
  await said(/client: \d/);
  // Frozen, npm ends by what it was sent only when it goes on.
  process.kill(pid, 'SIGSTOP');
  process.kill(-pid, 'SIGHUP');
  await said(/interrupted: healing/);
  await systemClock.sleep(600);
  process.kill(pid, 'SIGCONT');
  await ended;
  expectEndedInOrder(folder);
});
