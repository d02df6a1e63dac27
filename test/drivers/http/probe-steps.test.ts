import { describe, expect, test } from 'vitest';
import { flagWrong, outcomes } from '../../../core/ledger.ts';
import { accountCases, changingByItself } from './account-cases.ts';
import { loggingIn, serveAccounts } from './accounts.ts';
import { openAt } from './opened.ts';
import { json } from './shop.ts';

describe('probes that are steps in a row, for some of many accounts', () => {
  test.each(accountCases)('$name', async ({ spoil, verdict, red }) => {
    await using served = await serveAccounts();
    await using opened = await openAt(served, loggingIn);
    const { probes } = opened.attached.checks;
    expect(await probes!.before!()).toEqual({ probes: 8 });
    expect(await probes!.after(null)).toMatchObject({ verdict: 'pass' });
    spoil(served.accounts);
    const outcome = await probes!.after(null);
    expect(outcome, outcome.detail).toMatchObject({ verdict });
    if (red !== null) expect(outcome.detail).toMatch(red);
  });

  test(changingByItself, async () => {
    await using served = await serveAccounts();
    let visitors = 0;
    served.accounts.bad = ({ path }, outgoing) =>
      path === '/profile' && json(outgoing, 200, { email: 'user0@example.test', bio: (visitors += 1) });
    await using opened = await openAt(served, loggingIn.replace('samples: 4', 'samples: 1'));
    await expect(opened.attached.checks['probes']!.before!()).rejects.toThrow(
      /profile 0 is not right before anything was broken: GET \/profile: \$\.bio of its body changes by itself/,
    );
  });

  test('what is named as the same and is not there ends the drill', async () => {
    await using served = await serveAccounts();
    await using opened = await openAt(served, loggingIn.replace('$.bio', '$.boi'));
    await expect(opened.attached.checks['probes']!.before!()).rejects.toThrow(
      /profile 0 is not right before anything was broken: GET \/profile: \$\.boi names 0 values/,
    );
  });
});

test('clients ask them in turn, with one sample after the other, and each leaves one record', async () => {
  await using served = await serveAccounts();
  await using opened = await openAt(served, loggingIn);
  const seen: number[][] = [];
  const visits = opened.attached.generators!['probes']!;
  await visits.prepare();
  served.shop.seen.length = 0;
  served.accounts.bios[3] = 'other';
  const client = await visits.open({
    record: (_kind, outcome, _id, _group, _invoked, _ended, _low, _high, flags) =>
      seen.push([outcome, flags]),
  });
  for (let number = 0; number < 5; number += 1) await client.visit(number);
  const ok = [outcomes.ok, 0];
  expect(seen).toEqual([ok, ok, [outcomes.ok, flagWrong], ok, ok]);
  const who = served.shop.seen.map(({ method, body }) =>
    `${method} ${/user\d/.exec(body)?.[0] ?? ''}`.trim(),
  );
  expect(who).toEqual([
    ...['POST user0', 'GET', 'POST user0'],
    ...['POST user3', 'GET', 'POST user3'],
    ...['POST user6', 'GET'],
  ]);
});
