import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { connectionOf, connectionScript } from '../../stack/try-connection.ts';

test.each([
  [
    'an answer that stays',
    { code: 124, stdout: 'connected\n', stderr: '' },
    { connected: 'accepted', ended: 'open' },
  ],
  [
    'an end in order',
    { code: 0, stdout: 'connected\nclosed\n', stderr: '' },
    { connected: 'accepted', ended: 'closed' },
  ],
  [
    'a reset',
    { code: 1, stdout: 'connected\n', stderr: 'cat: -: Connection reset by peer\n' },
    { connected: 'accepted', ended: 'reset' },
  ],
  [
    'a refusal',
    {
      code: 1,
      stdout: '',
      stderr: 'bash: connect: Connection refused\nbash: line 1: /dev/tcp/10.0.0.2/1: Connection refused\n',
    },
    { connected: 'refused', ended: null },
  ],
  ['silence, given up by us', { code: 124, stdout: '', stderr: '' }, { connected: 'silent', ended: null }],
  [
    'silence, given up by the kernel',
    { code: 1, stdout: '', stderr: 'bash: connect: Connection timed out\n' },
    { connected: 'silent', ended: null },
  ],
  [
    'no way there',
    { code: 1, stdout: '', stderr: 'bash: connect: No route to host\n' },
    { connected: 'unreachable', ended: null },
  ],
  [
    'no bash at all',
    { code: 127, stdout: '', stderr: "timeout: failed to run command 'bash'\n" },
    { connected: 'unreachable', ended: null },
  ],
])('%s', (_, ran, expected) => {
  expect(connectionOf(ran)).toEqual(expected);
});

// Over UDP each write is a packet. A server that hangs up after the first line, while the second is on its
// way, answers that one with a reset.
test('what is said is said in one piece, however many lines it has', async () => {
  const server = createSocket('udp4');
  const heard: string[] = [];
  server.on('message', (bytes) => heard.push(bytes.toString()));
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const knocking = spawn(
    'bash',
    [
      '-c',
      connectionScript.replace('/dev/tcp', '/dev/udp'),
      'bash',
      '127.0.0.1',
      String(server.address().port),
      'PING\\r\\n\\r\\n',
      'listen',
    ],
    { stdio: 'ignore' },
  );
  try {
    await once(server, 'message');
    const lines = heard.join('').split('\r\n').length;
    if (lines < 3) await once(server, 'message');
    expect(heard).toEqual(['PING\r\n\r\n']);
  } finally {
    knocking.kill();
    server.close();
  }
});
