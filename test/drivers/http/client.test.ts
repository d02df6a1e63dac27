import { describe, expect, test } from 'vitest';
import { MusterError } from '../../../core/errors.ts';
import type { Recorder } from '../../../core/workload.ts';
import { kinds, outcomes } from '../../../core/ledger.ts';
import { byList, openAt } from './opened.ts';
import { json, serveShop, type Asked, type Bad } from './shop.ts';

const authorizations = (seen: Asked[], path: string): (string | undefined)[] =>
  seen.filter((one) => one.path === path).map(({ headers }) => headers.authorization);

describe('who asks', () => {
  test('a bearer token and basic credentials come from secrets; a request may go without', async () => {
    await using served = await serveShop();
    const probes =
      'probes: { a: { get: /health, expect: { body: up } }, b: { get: /health, auth: false, expect: { body: up } } }\n';
    await using bearer = await openAt(served, `ready: /health\nauth: { bearer: API }\n${probes}`, {
      API: 'token-1',
    });
    await using basic = await openAt(
      served,
      `ready: /health\nauth: { basic: { user: shop, password: PW } }\n${probes}`,
      { PW: 'pässword:1' },
    );
    served.shop.seen.length = 0;
    for (const { attached } of [bearer, basic]) await attached.checks['probes']!.before!();
    expect(authorizations(served.shop.seen, '/health')).toEqual([
      'Bearer token-1',
      undefined,
      `Basic ${Buffer.from('shop:pässword:1').toString('base64')}`,
      undefined,
    ]);
  });

  test('a secret with a line break in it is refused, and not quoted', async () => {
    await using served = await serveShop();
    const failure = await openAt(served, 'ready: /health\nauth: { bearer: API }\n', {
      API: 'very-secret\n',
    }).catch((error: unknown) => error as MusterError);
    expect(failure).toMatchObject({ trouble: 'input', message: expect.stringContaining('API') as string });
    expect(JSON.stringify(failure)).not.toContain('very-secret');
  });

  const login = `
ready: { get: /health, auth: false }
auth:
  login:
    post: /login
    json: { user: muster, password: "{{secret.PW}}" }
    capture: { token: $.token }
  headers: { authorization: "Bearer {{token}}" }
probes: { mine: { get: /mine } }
`;
  /** Tokens are good until `expire`; a cookie must come with them. */
  function tokens(): { bad: Bad; expire(): void; logins(): number } {
    let good = 0;
    let logins = 0;
    return {
      bad: ({ path, body, headers }, outgoing) => {
        if (path === '/login') {
          if (!body.includes('open sesame')) return json(outgoing, 403, {});
          logins += 1;
          good = logins;
          return json(
            outgoing,
            200,
            { token: `t${logins}` },
            { 'set-cookie': `sid=${logins}; Path=/; HttpOnly` },
          );
        }
        if (path !== '/mine') return undefined;
        const mine = headers.authorization === `Bearer t${good}` && headers.cookie === `sid=${good}`;
        return json(outgoing, mine ? 200 : 401, {});
      },
      expire: () => void (good = -1),
      logins: () => logins,
    };
  }

  test('a login is done once for all, its token and cookie are used, and done again after a 401', async () => {
    const { bad, expire, logins } = tokens();
    await using served = await serveShop({ bad });
    await using opened = await openAt(served, login, { PW: 'open sesame' });
    const visits = opened.attached.generators!['probes']!;
    const seen: number[] = [];
    const client = await visits.open(recording(seen));
    await Promise.all(Array.from({ length: 8 }, (_, number) => client.visit(number)));
    expect(logins()).toBe(1);
    expire();
    await Promise.all(Array.from({ length: 8 }, (_, number) => client.visit(number)));
    expect(logins()).toBe(2);
    expect(seen).toEqual(Array.from({ length: 16 }, () => outcomes.ok));
  });

  test('a login that is refused says so without its password, and nothing was asked', async () => {
    const { bad } = tokens();
    await using served = await serveShop({ bad });
    await using opened = await openAt(served, login, { PW: 'close sesame' });
    const failure = await opened.attached.checks['probes']!.before!().catch(
      (error: unknown) => error as Error,
    );
    expect((failure as Error).message).toContain('logging in: POST /login: answered 403');
    expect(String(failure)).not.toContain('close sesame');
    expect(served.shop.seen.some(({ path }) => path === '/mine')).toBe(false);
  });

  test('a 401 that a request has a use for is its answer', async () => {
    const { bad, logins } = tokens();
    await using served = await serveShop({ bad });
    const refused = login.replace(
      '{ get: /mine }',
      '{ get: /mine, headers: { authorization: no }, expect: { status: 401 } }',
    );
    await using opened = await openAt(served, refused, { PW: 'open sesame' });
    expect(await opened.attached.checks['probes']!.after(null)).toMatchObject({ verdict: 'pass' });
    expect(logins()).toBe(1);
  });
});

const recording = (seen: number[], flags: number[] = []): Recorder => ({
  record: (kind, outcome, _id, _group, _invoked, _ended, _low, _high, flag) => {
    expect(kind).toBe(kinds.answer);
    seen.push(outcome);
    flags.push(flag);
  },
});

describe('probes', () => {
  const ready = 'ready: /health\n';
  const outcomeOf = async (probe: string, bad?: Bad, timeout = '60s'): Promise<[number, number]> => {
    await using served = await serveShop(bad ? { bad } : {});
    await using opened = await openAt(served, `${ready}timeout: ${timeout}\nprobes: { p: ${probe} }\n`);
    const seen: number[] = [];
    const flags: number[] = [];
    const client = await opened.attached.generators!['probes']!.open(recording(seen, flags));
    await client.visit(0);
    return [seen[0]!, flags[0]!];
  };
  const on =
    (answer: Bad): Bad =>
    (asked, outgoing) =>
      asked.path === '/p' ? answer(asked, outgoing) : undefined;
  const page: Bad = on((_, outgoing) =>
    outgoing.writeHead(200, { 'content-type': 'text/html', 'x-v': '7' }).end('<h1>Sorry</h1>'),
  );
  const up: Bad = on((_, outgoing) => json(outgoing, 200, { status: 'up', n: 3, none: null }));
  const right = [outcomes.ok, 0];
  const wrong = [outcomes.ok, 1];

  test.each<[string, string, Bad, number[]]>([
    [
      'an answer as expected',
      '{ get: /p, expect: { json: { $.status: up, $.n: 3, $.none: null } } }',
      up,
      right,
    ],
    ['another value', '{ get: /p, expect: { json: { $.status: down } } }', up, wrong],
    ['a value that is not there', '{ get: /p, expect: { json: { $.absent: null } } }', up, wrong],
    ['a value that matches', '{ get: /p, expect: { json: { $.status: { pattern: "^u" } } } }', up, right],
    [
      'a page of HTML with status 200 where JSON is expected',
      '{ get: /p, expect: { json: { $.status: up } } }',
      page,
      wrong,
    ],
    [
      'a page that has what it must',
      '{ get: /p, expect: { body: Sorry, headers: { x-v: 7 } } }',
      page,
      right,
    ],
    ['a page that has not', '{ get: /p, expect: { body: Welcome } }', page, wrong],
    ['another header', '{ get: /p, expect: { headers: { x-v: 8 } } }', page, wrong],
    ['another status', '{ get: /p }', on((_, outgoing) => json(outgoing, 404, {})), wrong],
    [
      'a status of its own that is expected',
      '{ get: /p, expect: { status: 404 } }',
      on((_, outgoing) => json(outgoing, 404, {})),
      right,
    ],
    [
      'a service that says it cannot',
      '{ get: /p }',
      on((_, outgoing) => json(outgoing, 503, {})),
      [outcomes.fail, 0],
    ],
    [
      'a connection that is cut',
      '{ get: /p }',
      on((_, outgoing) => outgoing.socket!.destroy()),
      [outcomes.unknown, 0],
    ],
    ['no answer in time', '{ get: /p }', on(() => true), [outcomes.unknown, 0]],
    [
      'a redirect',
      '{ get: /p }',
      on((_, outgoing) => json(outgoing, 302, {}, { location: '/health' })),
      wrong,
    ],
    [
      'a redirect that is followed',
      '{ get: /p, follow: true, expect: { json: { $.status: up } } }',
      on((_, outgoing) => json(outgoing, 302, {}, { location: '/health' })),
      right,
    ],
    [
      'redirects in a circle',
      '{ get: /p, follow: true }',
      on((_, outgoing) => json(outgoing, 302, {}, { location: '/p' })),
      wrong,
    ],
    [
      'a redirect elsewhere, which is not followed',
      '{ get: /p, follow: true }',
      on((_, outgoing) => json(outgoing, 302, {}, { location: 'http://127.0.0.1:1/' })),
      wrong,
    ],
  ])('%s', async (what, probe, bad, expected) => {
    expect(await outcomeOf(probe, bad, what === 'no answer in time' ? '300ms' : '60s')).toEqual(expected);
  });

  test('an answer later than the probe allows is wrong', async () => {
    // Slower than a nanosecond is every answer.
    expect(await outcomeOf('{ get: /p, expect: { within: 0.000001ms } }', up)).toEqual(wrong);
    expect(await outcomeOf('{ get: /p, expect: { within: 1m } }', up)).toEqual(right);
  });

  test('the check fails on a wrong answer, says nothing without one, and refuses to begin on a wrong one', async () => {
    let now: Bad = up;
    await using served = await serveShop({ bad: (asked, outgoing) => now(asked, outgoing) });
    const probe = 'probes: { p: { get: /p, expect: { json: { $.status: up } } } }\n';
    await using opened = await openAt(served, `${ready}${probe}`);
    const { probes } = opened.attached.checks;
    await probes!.before!();
    expect(await probes!.after(null)).toMatchObject({ verdict: 'pass' });
    now = page;
    expect(await probes!.after(null)).toMatchObject({
      verdict: 'fail',
      detail: expect.stringContaining('GET /p') as string,
    });
    await expect(probes!.before!()).rejects.toThrow(/before anything was broken/);
    now = on((_, outgoing) => outgoing.socket!.destroy());
    expect(await probes!.after(null)).toMatchObject({ verdict: 'inconclusive' });
  });
});

test('nothing that a service sent or a secret held is in what is said of a failure', async () => {
  const echo: Bad = ({ headers, body }, outgoing) =>
    json(outgoing, 400, { got: headers.authorization, body }, { 'x-echo': headers.authorization ?? '' });
  let bad: Bad = () => undefined;
  await using served = await serveShop({ bad: (asked, outgoing) => bad(asked, outgoing) });
  await using opened = await openAt(served, `${byList}auth: { bearer: API }\n`, { API: 'very-secret' });
  bad = echo;
  const failure = await opened.data.prepare().catch((error: unknown) => error as MusterError);
  expect(failure).toBeInstanceOf(MusterError);
  const { message, found, cause } = failure as MusterError;
  expect(`${message} ${found} ${String(cause)}`).toContain('answered 400');
  expect(`${message} ${found} ${String(cause)}`).not.toMatch(/very-secret|a5a5a5a5/);
});

test('a service that is not ready yet when its container is up is waited for, and no longer than it may take', async () => {
  let asked = 0;
  const late: Bad = (_, outgoing) => {
    asked += 1;
    return asked === 1 ? outgoing.socket!.destroy() : asked === 2 ? json(outgoing, 503, {}) : undefined;
  };
  await using served = await serveShop({ bad: late });
  await using opened = await openAt(served);
  expect(asked).toBe(3);
  expect(opened.attached.server).toBe('HTTP/1.1 shop/1.0');
  await using never = await serveShop({ bad: (_, outgoing) => json(outgoing, 503, {}) });
  await expect(openAt(never, `${byList}startWithin: 1ms\n`)).rejects.toMatchObject({
    trouble: 'environment',
    message: expect.stringContaining('GET /health: answered 503') as string,
  });
});

test('the address is asked for again when a connection is refused: it may have moved', async () => {
  await using served = await serveShop();
  const moving = { port: served.port };
  await using opened = await openAt(
    {
      get port() {
        if (moving.port === 0) throw new Error('no address yet');
        return moving.port;
      },
    },
    byList,
  );
  await opened.data.prepare();
  await opened.client.write([1], ['one']);
  await served[Symbol.asyncDispose]();
  // The first finds out that the connection it had is no more, the second that there is none to be had.
  await expect(opened.client.read(1)).rejects.toThrow();
  await expect(opened.client.read(1)).rejects.toThrow(/ECONNREFUSED/);
  moving.port = 0;
  // A container that is being started has no address yet.
  await expect(opened.client.read(1)).rejects.toMatchObject({ certain: true });
  await using again = await serveShop();
  again.shop.orders = served.shop.orders;
  moving.port = again.port;
  expect(await opened.client.read(1)).toBe('one');
});
