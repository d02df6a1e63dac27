import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { leftOf, smallStack, uniqueDrill } from './small-stack.ts';

const drill = uniqueDrill('hardened');
let stack: Stack;
let cache: Service;

beforeAll(async () => {
  stack = await createStackProvider({ progress: () => undefined }).up({
    file: await smallStack(
      '',
      '    read_only: true\n    user: redis\n    cap_drop: [ALL]\n    security_opt: ["no-new-privileges:true"]\n    tmpfs: [/scratch]',
    ),
    drill,
    environment: {},
    progress: () => undefined,
  });
  cache = stack.services.get('cache')!;
});
afterAll(async () => {
  await stack?.down();
  expect(await leftOf(drill)).toEqual([]);
});

const look =
  'for f in /var/tmp /scratch /data; do if [ -w $f ]; then echo $f; fi; done; id -un; grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status';

test('what is made like a service may do no more than that may', async () => {
  const helper = await cache.helper({ network: 'stack', volumes: true, like: 'service' });
  try {
    const { stdout } = await helper.exec(['sh', '-c', look]);
    expect(stdout.split(/\s+/).slice(0, 7)).toEqual([
      '/scratch',
      '/data',
      'redis',
      'CapBnd:',
      '0000000000000000',
      'NoNewPrivs:',
      '1',
    ]);
    expect(stdout).toBe((await cache.exec(['sh', '-c', look])).stdout);
  } finally {
    await helper.remove();
  }
});

test('a helper that is not made like it has what a restore needs', async () => {
  const helper = await cache.helper({ network: 'none', volumes: true });
  try {
    const { code } = await helper.exec([
      'sh',
      '-c',
      ': > /var/tmp/x && chown redis /var/tmp/x && [ -d /data ]',
    ]);
    expect(code).toBe(0);
  } finally {
    await helper.remove();
  }
});
