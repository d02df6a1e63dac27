import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMuster } from '../support/muster.ts';

/** An engine that takes every request and answers none. */
const socket = join(tmpdir(), `muster-silent-${process.pid}.sock`);
let silent: Server;

beforeAll(async () => {
  silent = createServer((connection) => void connection.on('error', () => undefined).resume()).listen(socket);
  await once(silent, 'listening');
});
afterAll(() => {
  silent.close();
  rmSync(socket, { force: true });
});

test.each([
  [['gc'], 'removing what an earlier drill left (at most 1 min 30 s)\n'],
  [['gc', '--all', '--json'], 'removing what any drill left (at most 1 min 30 s)\n'],
  [['gc', 'some-drill'], 'asking the container engine what drills left (at most 1 min)\n'],
])('muster %s says what it waits for, and for how long at most', async (args, said) => {
  const waiting = startMuster(args, { env: { DOCKER_HOST: `unix://${socket}` } });
  try {
    await waiting.said(said);
    expect(waiting.child.exitCode).toBe(null);
  } finally {
    waiting.child.kill('SIGKILL');
    expect((await waiting.ended).stdout, 'only what was removed goes there').toBe('');
  }
});
