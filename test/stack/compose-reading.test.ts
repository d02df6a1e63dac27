import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readFromDocker } from '../../stack/compose-reading.ts';
import { runningWith } from '../support/processes.ts';

let folder: string;
let seconds: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-compose-reading-'));
  seconds = `9${process.pid}${Math.floor(Math.random() * 1e6)}`;
});
afterEach(() => {
  for (const pid of runningWith(seconds)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true });
});

/** What Docker's client does: the plug-in is a process of its own. */
function client(script: string): Record<string, string> {
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'docker'), 0o755);
  return { PATH: `${folder}:${process.env['PATH']}` };
}

test('what was written, to the last line feed, and how it ended', async () => {
  const environment = client('echo "$1 $GIVEN"; echo trouble >&2; exit 3');
  const { PATH } = process.env;
  process.env['PATH'] = environment['PATH'];
  try {
    expect(await readFromDocker(['compose'], { ...environment, GIVEN: 'yes' }, 60_000)).toEqual({
      code: 3,
      stdout: 'compose yes\n',
      stderr: 'trouble\n',
      cutOff: false,
    });
  } finally {
    process.env['PATH'] = PATH;
  }
});

test('a signal that ends Muster ends the plug-in that reads', async () => {
  const environment = client(`sleep ${seconds} & echo begun >&2; wait`);
  const reading = `import { readFromDocker } from ${JSON.stringify(join(import.meta.dirname, '../../stack/compose-reading.ts'))};
    await readFromDocker(['compose'], process.env, 60_000);`;
  const muster = spawn(process.execPath, ['--input-type=module', '--eval', reading], {
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  });
  const ended = once(muster, 'exit');
  while (runningWith(`sleep\0${seconds}`).length === 0) await new Promise((go) => void setImmediate(go));
  muster.kill('SIGINT');
  expect((await ended)[1]).toBe('SIGINT');
  await expect.poll(() => runningWith(`sleep\0${seconds}`), { timeout: 60_000 }).toEqual([]);
});
