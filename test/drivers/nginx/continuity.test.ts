import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { expect, test } from 'vitest';
import { pollUntil, systemClock, type Clock } from '../../../core/clock.ts';
import type { CheckOutcome } from '../../../core/driver.ts';
import { continuity } from '../../../drivers/nginx/continuity.ts';
import { createCertificates } from '../../../stack/certificates.ts';

const ours = await createCertificates();
const others = await createCertificates();
// Both authorities are trusted: another certificate is then valid, and still not the one that was there.
const expected = { name: 'localhost', ca: `${ours.ca}\n${others.ca}` };
/** The pauses between handshakes are left out: what is counted stays the same. */
const hurried: Clock = { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(2, signal) };

interface Front extends AsyncDisposable {
  port: number;
  handshakes: number;
}
async function front(options: TlsOptions): Promise<Front> {
  const server: Server = createServer(options, (socket) => void socket.on('error', () => undefined));
  server.on('connection', () => void (opened.handshakes += 1));
  const opened: Front = {
    port: 0,
    handshakes: 0,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.port = (server.address() as AddressInfo).port;
  return opened;
}
const reach = async (one: Front, handshakes: number): Promise<void> => {
  expect(
    await pollUntil(
      systemClock,
      { everyMs: 5, deadlineMs: 20_000 },
      async () => one.handshakes >= handshakes,
    ),
  ).toBe(true);
};

/** The way in leads to the one, then to the other; `null` is nobody. */
async function across(second: TlsOptions | null, then: TlsOptions | null = null): Promise<CheckOutcome> {
  // All of them stay until the check has ended: what it tries last is an answer as well.
  await using fronts = new AsyncDisposableStack();
  const first = fronts.use(await front({ cert: ours.certificate, key: ours.key }));
  let port = first.port;
  const check = continuity(async () => ({ host: '127.0.0.1', port }), expected, hurried);
  const baseline = await check.before!();
  await reach(first, 15);
  for (const next of [second, then]) {
    if (next === null) continue;
    const moved = fronts.use(await front(next));
    port = moved.port;
    await reach(moved, 15);
  }
  return await check.after(baseline);
}
const same = { cert: ours.certificate, key: ours.key };

test('the same certificate by the same protocol on both sides of a failover', async () => {
  expect(await across(same)).toMatchObject({
    verdict: 'pass',
    detail: expect.stringMatching(/TLSv1\.3 and the same certificate/),
    facts: { failed: 0, wrong: 0 },
  });
});

test.each<[string, TlsOptions, RegExp]>([
  [
    'a certificate that is valid, and another one',
    { cert: others.certificate, key: others.key },
    /another certificate was shown/,
  ],
  ['an older protocol', { ...same, maxVersion: 'TLSv1.2' }, /TLSv1\.2 was spoken/],
  [
    'a certificate that is expired',
    { cert: ours.expired, key: ours.key },
    /a client goes away: CERT_HAS_EXPIRED/,
  ],
  [
    'a certificate for another name by nobody known',
    { cert: ours.wrong, key: ours.key },
    /a client goes away/,
  ],
])('the other side shows %s', async (_name, other, says) => {
  expect(await across(other)).toMatchObject({ verdict: 'fail', detail: expect.stringMatching(says) });
  expect(await across(other, same), 'and goes on failing when it was so for a while only').toMatchObject({
    verdict: 'fail',
  });
});

/** How often the way in was asked for: each time once, right before a handshake, and after the one before. */
interface Way {
  to(port: number): void;
  endpoint(): Promise<{ host: string; port: number }>;
  /** Resolves when it was asked for that many times more. */
  askedFor(times: number): Promise<void>;
}
function way(first: number): Way {
  let [port, asked] = [first, 0];
  return {
    to: (next) => void (port = next),
    endpoint: async () => {
      asked += 1;
      return { host: '127.0.0.1', port };
    },
    askedFor: async (times) => {
      const wanted = asked + times;
      const come = async (): Promise<boolean> => asked >= wanted;
      expect(await pollUntil(systemClock, { everyMs: 5, deadlineMs: 60_000 }, come)).toBe(true);
    },
  };
}
/** A port at which nobody listens any more. */
async function deadPort(): Promise<number> {
  const dead = await front(same);
  await dead[Symbol.asyncDispose]();
  return dead.port;
}

test('an outage is counted, with its longest gap, and is not held against the chain', async () => {
  await using first = await front(same);
  const { to, endpoint, askedFor } = way(first.port);
  const check = continuity(endpoint, expected, hurried);
  const baseline = await check.before!();
  await reach(first, 15);
  to(await deadPort());
  // The one that was under way comes about; what is asked for next is the first that fails.
  await askedFor(2);
  const awayMs = systemClock.nowMs();
  await askedFor(5);
  const downMs = systemClock.nowMs() - awayMs;
  await using back = await front(same);
  to(back.port);
  await reach(back, 15);
  const { verdict, facts } = await check.after(baseline);
  expect(verdict).toBe('pass');
  const { failed, longestGapMs } = facts as { failed: number; longestGapMs: number };
  expect(failed).toBeGreaterThanOrEqual(5);
  expect(longestGapMs).toBeGreaterThanOrEqual(Math.floor(downMs));
});

test('handshakes from before the fault prove nothing of what came after it', async () => {
  await using first = await front(same);
  const check = continuity(async () => ({ host: '127.0.0.1', port: first.port }), expected, hurried);
  const baseline = await check.before!();
  await reach(first, 40);
  expect(await check.after(baseline, systemClock.nowMs())).toMatchObject({
    verdict: 'inconclusive',
    detail: expect.stringMatching(/since the fault/),
  });
});

test('enough of them since the fault are a pass', async () => {
  await using first = await front(same);
  const check = continuity(async () => ({ host: '127.0.0.1', port: first.port }), expected, hurried);
  const baseline = await check.before!();
  await reach(first, 20);
  const brokenAtMs = systemClock.nowMs();
  await reach(first, 40);
  expect(await check.after(baseline, brokenAtMs)).toMatchObject({ verdict: 'pass' });
});

test('where nobody comes in any more at the end, it has not gone on', async () => {
  await using first = await front(same);
  const { to, endpoint, askedFor } = way(first.port);
  const check = continuity(endpoint, expected, hurried);
  const baseline = await check.before!();
  await reach(first, 40);
  const brokenAtMs = systemClock.nowMs();
  to(await deadPort());
  await askedFor(5);
  expect(await check.after(baseline, brokenAtMs)).toMatchObject({
    verdict: 'fail',
    detail: expect.stringMatching(/handshakes did not come about; .* since the fault/),
  });
});

test('too few handshakes prove nothing', async () => {
  await using first = await front(same);
  const check = continuity(async () => ({ host: '127.0.0.1', port: first.port }), expected, {
    ...systemClock,
    sleep: (_ms, signal) => systemClock.sleep(60_000, signal),
  });
  const baseline = await check.before!();
  expect(await check.after(baseline)).toMatchObject({
    verdict: 'inconclusive',
    detail: expect.stringMatching(/too few/),
  });
});

test('it is refused where the chain is wrong before anything was broken', async () => {
  await using bad = await front({ cert: ours.expired, key: ours.key });
  const check = continuity(async () => ({ host: '127.0.0.1', port: bad.port }), expected, hurried);
  await expect(check.before!()).rejects.toThrow(
    /"tls-continuity" fails before anything was broken: a client goes away/,
  );
  expect(await check.after({})).toMatchObject({ verdict: 'inconclusive' });
});
