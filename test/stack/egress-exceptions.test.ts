import { describe, expect, test } from 'vitest';
import { strategySchema } from '../../core/strategy.ts';
import type { ComposeConfig } from '../../stack/compose.ts';
import { answeringNames, refusing, type ClosedNetwork } from '../../stack/egress.ts';
import { fixedFor, lettingThrough, lineOf, lookedUp, plannedLines } from '../../stack/egress-exceptions.ts';

const config = {
  services: {
    app: { networks: { front: null, inner: null } },
    jobs: { networks: { front: null } },
    db: { networks: { inner: null } },
  },
} as unknown as ComposeConfig;
const wayOut = {
  app: { 'api.example.com': 'its sandbox', 'gone.example.com': 'nobody knows it' },
  jobs: { 'mail.example.com': 'a trap for mail' },
  away: { 'x.example.com': 'it is not started' },
};
const known: Record<string, string[]> = {
  'api.example.com': ['192.0.2.1', '192.0.2.2', '127.0.0.1', '192.0.2.1'],
  'mail.example.com': ['198.51.100.7'],
};
const lookup = async (host: string): Promise<string[]> =>
  known[host] ?? Promise.reject(new Error('ENOTFOUND'));
const closed = new Map<string, ClosedNetwork>([
  ['front', { name: 'p_front', gateway: '172.20.255.254', gateway6: null, bridge: '172.20.0.1' }],
]);

describe('hosts that one service may reach', () => {
  test('are looked up where it is started, and never this machine itself', async () => {
    expect(await lookedUp(config, wayOut, lookup)).toEqual([
      { service: 'app', host: 'api.example.com', why: 'its sandbox', addresses: ['192.0.2.1', '192.0.2.2'] },
      { service: 'app', host: 'gone.example.com', why: 'nobody knows it', addresses: [] },
      { service: 'jobs', host: 'mail.example.com', why: 'a trap for mail', addresses: ['198.51.100.7'] },
    ]);
  });
  test('are let through from addresses that only these services have', async () => {
    const exceptions = await lookedUp(config, wayOut, lookup);
    const fixed = fixedFor(config, exceptions, closed);
    expect(fixed).toEqual({ app: { front: '172.20.255.253' }, jobs: { front: '172.20.255.252' } });
    const { through, known: told } = lettingThrough(exceptions, fixed);
    expect(through).toEqual([
      { from: ['172.20.255.253'], to: ['192.0.2.1', '192.0.2.2'] },
      { from: ['172.20.255.252'], to: ['198.51.100.7'] },
    ]);
    const rules = refusing(through);
    expect(rules).toContain('ip saddr { 172.20.255.253 } ip daddr { 192.0.2.1, 192.0.2.2 } accept');
    expect(rules.indexOf('172.20.255.252')).toBeLessThan(rules.indexOf('reject with'));
    expect(rules).toContain('ip daddr { 192.0.2.1, 192.0.2.2, 198.51.100.7 } masquerade');
    expect(answeringNames(told)).toContain('--address=/api.example.com/192.0.2.2');
    expect(answeringNames(told)).not.toContain('gone.example.com');
  });
  test('nothing is let through where there is none', () => {
    expect(refusing()).not.toMatch(/masquerade|redirect drop/);
    expect(answeringNames()).toContain('--address=/#/');
  });
  test('are told with the reason, before and after they are looked up', async () => {
    expect(plannedLines(config, wayOut)).toEqual([
      'app may reach api.example.com, and no other service may: its sandbox',
      'app may reach gone.example.com, and no other service may: nobody knows it',
      'jobs may reach mail.example.com, and no other service may: a trap for mail',
    ]);
    const exceptions = await lookedUp(config, wayOut, lookup);
    const fixed = fixedFor(config, exceptions, closed);
    expect(exceptions.map((one) => lineOf(one, fixed))).toEqual([
      'app may reach api.example.com (192.0.2.1, 192.0.2.2), and no other service may: its sandbox',
      'app reaches gone.example.com no more than others do: nobody knows that name here now (nobody knows it)',
      'jobs may reach mail.example.com (198.51.100.7), and no other service may: a trap for mail',
    ]);
    expect(
      lineOf({ service: 'db', host: 'a.example.com', why: 'no reason', addresses: ['192.0.2.1'] }, fixed),
    ).toBe('db reaches a.example.com no more than others do: it is on no network with a way out (no reason)');
  });
});

describe('egress of a strategy', () => {
  const read = (egress: unknown) =>
    strategySchema().safeParse({ strategy: 's', stack: 'none', components: {}, egress });
  test.each([['closed'], ['open'], [{ app: { 'api.example.com': 'a reason' } }], [{}]])(
    'may be %j',
    (egress) => expect(read(egress).data?.egress).toEqual(egress),
  );
  test.each([
    ['another word', 'shut'],
    ['an address', { app: { '192.0.2.1': 'a reason' } }],
    ['a pattern', { app: { '*.example.com': 'a reason' } }],
    ['a port', { app: { 'example.com:443': 'a reason' } }],
    ['a host without a reason', { app: { 'example.com': ' ' } }],
    ['a list', { app: ['example.com'] }],
  ])('may not be %s', (_, egress) => expect(read(egress).success).toBe(false));
});
