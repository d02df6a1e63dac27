import { expect, test } from 'vitest';
import { emailOf, passwordOf } from '../../../drivers/login-service/account.ts';
import { logins, revokedStayRevoked } from '../../../drivers/login-service/checks.ts';
import { Sessions } from '../../../drivers/login-service/sessions.ts';
import { profileOf, serve, type Handler, type Response } from './service.ts';

const options = { seed: 1, users: 100, sample: 30 };

/** A service that is good until `break`, and bad in one way after it. */
async function breakable(bad: Handler) {
  let broken = false;
  const service = await serve((request) => (broken ? bad(request) : null));
  return {
    service,
    break: () => {
      broken = true;
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
const only =
  (path: string, response: Response): Handler =>
  (request) =>
    request.path === path ? response : null;

for (const [what, bad, verdict, detail] of [
  ['nothing', () => null, 'pass', '30 users log in'],
  ['every login refused', only('/login', [401]), 'fail', 'login: refused with 401'],
  ['every login failing', only('/login', [503]), 'fail', 'login: answered 503'],
  [
    'one user gone',
    ({ path, body }) => (path === '/login' && body['email'] === emailOf(1) ? [401] : null),
    'fail',
    '1 of 100 users in trouble',
  ],
  [
    'anyone let in',
    ({ path, body }) =>
      path === '/login' && body['password'] !== passwordOf(Number(/\d+/.exec(body['email']!)![0]))
        ? [200, { access: 'a', refresh: 'r' }]
        : null,
    'fail',
    'login with a wrong password',
  ],
  ['profiles mixed up', only('/profile', [200, profileOf(3)]), 'fail', "not this user's"],
  ['no answers', only('/login', 'cut'), 'inconclusive', 'login: '],
] as [string, Handler, string, string][]) {
  test(`logins: ${what}: ${verdict}`, async () => {
    await using bed = await breakable(bad);
    const check = logins(bed.service.way, what === 'one user gone' ? { ...options, sample: 100 } : options);
    const baseline = await check.before!();
    bed.break();
    const outcome = await check.after(baseline);
    expect(outcome).toMatchObject({ verdict, detail: expect.stringContaining(detail) });
  });
}

// A machine that is busy is not a service that is wrong: a check waits where a client would have gone away.
test('what answers late answers: neither check is the worse for it', async () => {
  await using bed = await breakable(({ path, body }) =>
    (path === '/login' && body['email'] === emailOf(1)) || path === '/refresh' ? 'late' : null,
  );
  const checks = [
    logins(bed.service.way, { ...options, sample: 100 }),
    revokedStayRevoked(bed.service.way, new Sessions(), 100),
  ];
  const baselines = await Promise.all(checks.map((check) => check.before!()));
  bed.break();
  expect(
    (await Promise.all(checks.map((check, i) => check.after(baselines[i]!)))).map(({ verdict }) => verdict),
  ).toEqual(['pass', 'pass']);
});

test('logins: a role that changed is noticed, although the profile fits itself', async () => {
  await using bed = await breakable(() => null);
  const check = logins(bed.service.way, options);
  const baseline = (await check.before!()) as Record<string, string>;
  const [user] = Object.keys(baseline);
  expect(await check.after({ ...baseline, [user!]: 'another digest' })).toMatchObject({
    verdict: 'fail',
    detail: expect.stringContaining('not what it was before'),
  });
});

test('logins: without a baseline there is nothing to say', async () => {
  await using service = await serve();
  expect(await logins(service.way, options).after(null)).toMatchObject({ verdict: 'inconclusive' });
});

test('logins: what fails before anything was broken is no baseline', async () => {
  await using service = await serve(only('/profile', [500]));
  await expect(logins(service.way, options).before!()).rejects.toThrow('before anything was broken');
});

for (const [what, bad, verdict, detail] of [
  [
    'nothing',
    () => null,
    'pass',
    '16 revoked tokens (0 of them by the load) are refused, a fresh one is accepted',
  ],
  [
    'everything accepted',
    only('/refresh', [200, { access: 'a', refresh: 'r' }]),
    'fail',
    '16 of 16 revoked tokens are accepted again',
  ],
  ['everything refused', only('/refresh', [401]), 'inconclusive', 'proves nothing'],
  ['everything failing', only('/refresh', [503]), 'inconclusive', 'neither yes nor no'],
] as [string, Handler, string, string][]) {
  test(`revoked-stay-revoked: ${what}: ${verdict}`, async () => {
    await using bed = await breakable(bad);
    const check = revokedStayRevoked(bed.service.way, new Sessions(), 100);
    const baseline = await check.before!();
    bed.break();
    expect(await check.after(baseline)).toMatchObject({ verdict, detail: expect.stringContaining(detail) });
  });
}

test('revoked-stay-revoked: without a single revoked token there is nothing to say', async () => {
  await using service = await serve();
  expect(await revokedStayRevoked(service.way, new Sessions(), 100).after({})).toMatchObject({
    verdict: 'inconclusive',
  });
});
