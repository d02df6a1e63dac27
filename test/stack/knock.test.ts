import { expect, test } from 'vitest';
import { knockOf } from '../../stack/knock.ts';

test.each([
  ['an answer that stays', { code: 124, stdout: 'connected\n', stderr: '' }, { connected: 'accepted', ended: 'open' }],
  ['an end in order', { code: 0, stdout: 'connected\nclosed\n', stderr: '' }, { connected: 'accepted', ended: 'closed' }],
  ['a reset', { code: 1, stdout: 'connected\n', stderr: 'cat: -: Connection reset by peer\n' }, { connected: 'accepted', ended: 'reset' }],
  ['a refusal', { code: 1, stdout: '', stderr: 'bash: connect: Connection refused\nbash: line 1: /dev/tcp/10.0.0.2/1: Connection refused\n' }, { connected: 'refused', ended: null }],
  ['silence, given up by us', { code: 124, stdout: '', stderr: '' }, { connected: 'silent', ended: null }],
  ['silence, given up by the kernel', { code: 1, stdout: '', stderr: 'bash: connect: Connection timed out\n' }, { connected: 'silent', ended: null }],
  ['no way there', { code: 1, stdout: '', stderr: 'bash: connect: No route to host\n' }, { connected: 'unreachable', ended: null }],
  ['no bash at all', { code: 127, stdout: '', stderr: 'timeout: failed to run command \'bash\'\n' }, { connected: 'unreachable', ended: null }],
])('%s', (_, ran, expected) => {
  expect(knockOf(ran)).toEqual(expected);
});
