import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Stack } from '../../core/stack.ts';
import { noRules } from '../../stack/containment.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { closedNetworks, type OpenNetwork } from '../../stack/egress.ts';
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
const said = async (drill: string, service = 'mailer'): Promise<string> =>
  (await (await containerOf(drill, service)).logs({ stdout: true, stderr: true })).toString('latin1');
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
  const asked = new Map<string, OpenNetwork>([
    ['bad', { options: { 'com.docker.network.driver.mtu': 'no number' }, ipv6: false }],
    ['good', { options: {}, ipv6: false }],
  ]);
  try {
    await expect(closedNetworks(site, asked)).rejects.toThrow(/no number/);
    expect(await made()).toEqual([`${drill}_good`]);
  } finally {
    for (const name of await made()) await runtime.container.dockerode.getNetwork(name).remove();
  }
  expect(await leftOf(drill)).toEqual([]);
});

/** By IPv6 (RFC 3849: nobody's), on a network that has it. */
const outside6 = '2001:db8::10';
const sending6 = `  mailer:
    image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
    init: true
    networks: [six]
    entrypoint: [bash, -c]
    command:
      - |
        while :; do
          timeout 2 bash -c 'echo EHLO > /dev/tcp/${outside6}/25' 2>&1 | grep -o -e unreachable -e refused -e "route to host" || echo went out
          sleep 0.2
        done
  beside:
    image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
    networks: [six]
    command: [redis-server, --bind, "::", --protected-mode, "no"]
networks: { six: { enable_ipv6: true } }
`;
test('IPv6 is closed and listed as well; services of one network reach each other by it', {
  timeout: 300_000,
}, async () => {
  const drill = uniqueDrill('egress-six');
  const stack = await provider.up({
    file: await smallStack(sending6),
    ...{ drill, environment: {}, host: { ...noRules, egress: 'closed' as const } },
    progress: () => undefined,
  });
  try {
    await vi.waitFor(async () => expect(await said(drill)).toMatch(/unreachable|route to host/), patiently);
    expect(await said(drill)).not.toContain('went out');
    const attempts = await stack.outwardAttempts!();
    expect(attempts.map(({ packets: _, ...one }) => one)).toEqual([
      { service: 'mailer', to: outside6, protocol: 'tcp', port: 25 },
    ]);
    const mailer = stack.services.get('mailer')!;
    const own = await stack.services.get('beside')!.exec(['hostname', '-i']);
    const address = own.stdout.split(/\s+/).find((one) => one.includes(':'))!;
    expect(await mailer.exec(['redis-cli', '-h', address, 'ping'])).toMatchObject({ stdout: 'PONG\n' });
  } finally {
    await stack.down();
  }
  expect(await leftOf(drill)).toEqual([]);
});

describe('a host that one service may reach by name', { timeout: 300_000 }, () => {
  const drill = uniqueDrill('egress-named');
  const name = 'api.example.test';
  /** A server of this test: beyond the networks of the stack, at an address of this machine. */
  const server = createServer((_, outgoing) => void outgoing.end('reached'));
  const here = Object.values(networkInterfaces())
    .flat()
    .find(
      (one) => one!.family === 'IPv4' && !one!.internal && !/^172\.|^192\.168\./.test(one!.address),
    )?.address;
  let stack: Stack;
  let port: number;
  const asks = (service: string, to: string) =>
    stack.services
      .get(service)!
      .exec([
        'bash',
        '-c',
        `exec 3<> /dev/tcp/${to}/${port} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3`,
      ]);
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    ({ port } = server.address() as AddressInfo);
    const waiting = (of: string) => `  ${of}:
    image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
    init: true
    networks: [default, second]
    entrypoint: [sleep, infinity]
`;
    stack = await createStackProvider({
      progress: () => undefined,
      lookup: async (host) => (host === name ? [here!] : []),
    }).up({
      file: await smallStack(`${waiting('app')}${waiting('other')}networks: { second: {} }\n`),
      drill,
      environment: {},
      host: { ...noRules, egress: 'closed', wayOut: { app: { [name]: 'a sandbox of theirs' } } },
      progress: () => undefined,
    });
  }, 300_000);
  afterAll(async () => {
    await stack?.down();
    server.close();
  }, 120_000);

  test('is reached by that service, by name, and its reason is told', async () => {
    expect(here, 'an address of this machine').toBeDefined();
    const answer = await asks('app', name);
    expect(answer.stdout, answer.stderr).toContain('reached');
    expect(stack.contained).toContain(
      `app may reach ${name} (${here}), and no other service may: a sandbox of theirs`,
    );
  });
  test('and also after a start anew', async () => {
    const app = stack.services.get('app')!;
    await app.stop(0);
    await app.start();
    const answer = await asks('app', name);
    expect(answer.stdout, answer.stderr).toContain('reached');
  });
  test('is not reached by another service, which is listed; nor is anything else by that one', async () => {
    const refused = await asks('other', name);
    expect(refused.stdout).toBe('');
    expect(refused.stderr).toMatch(/unreachable/);
    const elsewhere = await asks('app', outside);
    expect(elsewhere.stderr).toMatch(/unreachable/);
    const attempts = await stack.outwardAttempts!();
    const tcp = attempts
      .filter(({ protocol }) => protocol === 'tcp')
      .map(({ service, to }) => `${service} ${to}`);
    expect(tcp.sort()).toEqual([`app ${outside}`, `other ${here}`]);
    expect(attempts.filter(({ protocol }) => protocol === 'dns')).toEqual([]);
  });
  test('its networks go with it', async () => {
    await stack.down();
    expect(await leftOf(drill)).toEqual([]);
  });
});
