import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Stack } from '../../core/stack.ts';
import { noRules } from '../../stack/containment.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { closedNetworks } from '../../stack/egress.ts';
import { currentOwner, labels } from '../../stack/owner.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { containerOf, leftOf, smallStack, uniqueDrill } from './small-stack.ts';

/** Nobody's machine (TEST-NET-1, RFC 5737), and a service that begins to send to it as it starts. */
const outside = '192.0.2.10';
const sending = `  mailer:
    image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
    init: true
    restart: always
    networks: [default, second]
    entrypoint: [bash, -c]
    command:
      - |
        while :; do
          timeout 2 bash -c 'echo EHLO > /dev/tcp/${outside}/25' 2>&1 | grep -o -e unreachable -e refused || echo went out
          getent hosts mail.example.test > /dev/null || true
          sleep 0.2
        done
networks: { second: {} }
`;
const provider = createStackProvider({ progress: () => undefined });
const up = async (drill: string, egress: 'closed' | 'open'): Promise<Stack> =>
  provider.up({
    file: await smallStack(sending),
    drill,
    environment: {},
    host: { ...noRules, egress },
    progress: () => undefined,
  });
const said = async (drill: string): Promise<string> =>
  (await (await containerOf(drill, 'mailer')).logs({ stdout: true, stderr: true })).toString('latin1');
const patiently = { timeout: 60_000, interval: 100 };

describe('the way out of a stack', { timeout: 300_000 }, () => {
  const drill = uniqueDrill('egress');
  let stack: Stack;
  beforeAll(async () => void (stack = await up(drill, 'closed')), 300_000);
  afterAll(() => stack.down(), 120_000);

  test('is closed from the first packet on: nothing goes out, and who sends is told at once', async () => {
    await vi.waitFor(async () => expect(await said(drill)).toContain('unreachable'), patiently);
  });

  test('is closed after a start anew as well', async () => {
    const container = await containerOf(drill, 'mailer');
    const since = Math.floor(Date.now() / 1_000);
    await container.restart({ t: 0 });
    await vi.waitFor(async () => {
      const anew = (await container.logs({ stdout: true, stderr: true, since })).toString('latin1');
      expect(anew).toContain('unreachable');
    }, patiently);
    expect(await said(drill)).not.toContain('refused');
  });

  test('what was sent is listed, by service and place', async () => {
    const attempts = await stack.outwardAttempts!();
    expect(attempts.map(({ packets: _, ...one }) => one)).toEqual([
      { service: 'mailer', to: outside, protocol: 'tcp', port: 25 },
      { service: 'mailer', to: 'mail.example.test', protocol: 'dns', port: 53 },
    ]);
    expect(attempts[0]!.packets).toBeGreaterThan(0);
  });

  test('a name that nobody has is answered at once, as one is of a service that is stopped', async () => {
    const container = await containerOf(drill, 'mailer');
    const exec = await container.exec({
      Cmd: ['bash', '-c', 'SECONDS=0; getent hosts nobody-has-this; echo $? after $SECONDS'],
      AttachStdout: true,
    });
    const stream = await exec.start({});
    const said = Buffer.concat(await stream.toArray()).toString('latin1');
    // Without an answer it would be 5 s or 10.
    expect(said).toMatch(/2 after [0-3]\n/);
  });

  test('and published ports are reached all the same', async () => {
    const answer = await stack.services.get('cache')!.tryConnection?.(6379);
    expect(answer ?? (await stack.services.get('cache')!.endpoint(6379))).toBeTruthy();
  });

  test('its networks go with it', async () => {
    await stack.down();
    expect(await leftOf(drill)).toEqual([]);
  });
});

test('a strategy may open it: then it goes out, and nothing is listed', { timeout: 300_000 }, async () => {
  const drill = uniqueDrill('egress-open');
  const stack = await up(drill, 'open');
  try {
    await vi.waitFor(async () => expect(await said(drill)).toContain('went out'), patiently);
    expect(await said(drill)).not.toContain('unreachable');
    expect(stack.outwardAttempts).toBeUndefined();
    expect(stack.contained.join('\n')).toContain('goes out: `egress: open`');
  } finally {
    await stack.down();
  }
  expect(await leftOf(drill)).toEqual([]);
});

test('where one network cannot be made, none is still being made when that is told', async () => {
  const drill = uniqueDrill('egress-refused');
  const runtime = await getRuntime();
  const site = {
    runtime,
    project: drill,
    labels: { [labels.drill]: drill, [labels.owner]: currentOwner() },
  };
  const made = async (): Promise<string[]> => {
    const found = await runtime.container.dockerode.listNetworks({
      filters: { label: [`${labels.drill}=${drill}`] },
    });
    return found.map(({ Name }) => Name);
  };
  const asked = new Map<string, Record<string, string>>([
    ['bad', { 'com.docker.network.driver.mtu': 'no number' }],
    ['good', {}],
  ]);
  try {
    await expect(closedNetworks(site, asked)).rejects.toThrow(/no number/);
    expect(await made()).toEqual([`${drill}_good`]);
  } finally {
    for (const name of await made()) await runtime.container.dockerode.getNetwork(name).remove();
  }
  expect(await leftOf(drill)).toEqual([]);
});
