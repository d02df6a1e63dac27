import { expect, test } from 'vitest';
import {
  login,
  profile,
  refresh,
  refusedLogin,
  refusedRefresh,
  revoke,
} from '../../../drivers/login-service/account.ts';
import { profileOf, serve, type Response } from './service.ts';

const when = (path: string, response: Response) =>
  serve((request) => (request.path === path ? response : null));

test('a good service is seen as right in everything', async () => {
  await using service = await serve();
  const entered = await login(service.way, 7);
  if (entered.seen !== 'right') throw new Error(entered.detail);
  expect((await profile(service.way, entered.value.access, 7)).seen).toBe('right');
  expect((await refusedLogin(service.way, 7)).seen).toBe('right');
  expect((await revoke(service.way, entered.value.refresh)).seen).toBe('right');
  expect((await refusedRefresh(service.way, entered.value.refresh)).seen).toBe('right');
});

for (const [what, response, seen] of [
  ['a refusal of the right password', [401], 'wrong'],
  ['a login without tokens', [200, { access: 'a' }], 'wrong'],
  ['a login with an empty body', [200], 'wrong'],
  ['a page that is not there', [404], 'wrong'],
  ['503', [503, { error: 'mysql_unavailable' }], 'failed'],
  ['502 of a proxy', [502], 'failed'],
  ['a cut connection', 'cut', 'unknown'],
] as [string, Response, string][]) {
  test(`login: ${what} is ${seen}`, async () => {
    await using service = await when('/login', response);
    expect((await login(service.way, 7)).seen).toBe(seen);
  });
}

for (const [what, body] of [
  ["another user's profile", profileOf(8)],
  ['a profile with a letter changed', { ...profileOf(7), bio: profileOf(7).bio.replace('sails', 'snails') }],
  ['a profile cut short', { ...profileOf(7), bio: 'sails' }],
  ["another's text under the right address", { ...profileOf(8), email: profileOf(7).email }],
  ['a profile without a role', { ...profileOf(7), role: undefined }],
] as const) {
  test(`profile: ${what} is wrong`, async () => {
    await using service = await when('/profile', [200, body]);
    expect((await profile(service.way, 'any', 7)).seen).toBe('wrong');
  });
}

test('a wrong password that is let in, and a revoked token that is accepted, are wrong', async () => {
  await using service = await serve(({ path }) =>
    path === '/login' || path === '/refresh' ? [200, { access: 'a', refresh: 'next' }] : null,
  );
  expect((await refusedLogin(service.way, 7)).seen).toBe('wrong');
  expect(await refusedRefresh(service.way, 'revoked')).toMatchObject({ seen: 'wrong', successor: 'next' });
});

test('a service that fails has not refused', async () => {
  await using service = await when('/refresh', [503]);
  expect((await refusedRefresh(service.way, 'revoked')).seen).toBe('failed');
  expect((await refresh(service.way, 'any')).seen).toBe('failed');
});
