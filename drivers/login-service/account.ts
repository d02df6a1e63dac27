import { createHash } from 'node:crypto';
import type { Reply, Way } from './way.ts';

/**
 * The service's interface as its users know it: POST /login {email, password} -> 200 {access, refresh}; POST
 * /refresh {refresh} -> 200 {access, refresh}, and the used token is no good any more; POST /revoke {refresh}
 * -> 204; GET /profile with the access token -> 200 {email, role, bio}. 401 refuses a password or a token.
 * Seeded user N follows from N.
 */
export const emailOf = (user: number): string => `user${user}@example.test`;
export const passwordOf = (user: number): string => `correct horse ${user % 16}`;

/**
 * `right`: what was asked for. `wrong`: an answer that claims to be good and is not what it should be.
 * `failed`: the service said that it cannot, or the request never left. `unknown`: no answer to a request
 * that was sent.
 */
export type Seen<Value> =
  | { seen: 'right'; value: Value }
  | { seen: 'wrong' | 'failed' | 'unknown'; detail: string };

export interface Pair {
  access: string;
  refresh: string;
}
export interface Profile {
  role: string;
  bio: string;
}

export const login = async (way: Way, user: number): Promise<Seen<Pair>> =>
  pairIn(await way.send('POST', '/login', { body: { email: emailOf(user), password: passwordOf(user) } }));

export const refresh = async (way: Way, token: string, deadlineMs?: number): Promise<Seen<Pair>> =>
  pairIn(
    await way.send('POST', '/refresh', { body: { refresh: token }, ...(deadlineMs ? { deadlineMs } : {}) }),
  );

export const revoke = async (way: Way, token: string): Promise<Seen<null>> =>
  judge(await way.send('POST', '/revoke', { body: { refresh: token } }), 204, () => null);

/** Right when a login with another password is refused. */
export const refusedLogin = async (way: Way, user: number): Promise<Seen<null>> =>
  judge(
    await way.send('POST', '/login', { body: { email: emailOf(user), password: `${passwordOf(user)}!` } }),
    401,
    () => null,
  );

/**
 * Right when the token is refused. A token that is accepted is a wrong answer and used up: `successor`
 * replaces it.
 */
export async function refusedRefresh(
  way: Way,
  token: string,
  deadlineMs?: number,
): Promise<Seen<null> & { successor?: string }> {
  const accepted = await refresh(way, token, deadlineMs);
  if (accepted.seen === 'right')
    return { seen: 'wrong', detail: 'the token was accepted', successor: accepted.value.refresh };
  return refused(accepted) ? { seen: 'right', value: null } : accepted;
}

/**
 * Right when the profile is this user's and its text carries a digest, `[sha256:<16 hex digits>]` over
 * address and text, that fits.
 */
export const profile = async (way: Way, access: string, user: number): Promise<Seen<Profile>> =>
  profileIn(await way.send('GET', '/profile', { bearer: access }), user);

export function profileIn(reply: Reply, user: number): Seen<Profile> {
  return judge(reply, 200, ({ email, role, bio }) => {
    if (email !== emailOf(user) || typeof role !== 'string' || typeof bio !== 'string')
      return "the profile is not this user's";
    return bioFits(emailOf(user), bio) ? { role, bio } : "the profile's text does not match its digest";
  });
}

/** Whether the service refused what was given, rather than failed. */
export const refused = (answer: Seen<unknown>): boolean =>
  answer.seen === 'wrong' && answer.detail === refusal;

const refusal = 'refused with 401';

/** What an answer to a login holds. */
export const pairIn = (reply: Reply): Seen<Pair> =>
  judge(reply, 200, ({ access, refresh }) =>
    isToken(access) && isToken(refresh) ? { access, refresh } : 'no tokens in the answer',
  );

const isToken = (value: unknown): value is string => typeof value === 'string' && value.length > 0;

/** `read` gives the value, or in words what is wrong with it. */
function judge<Value>(
  reply: Reply,
  status: number,
  read: (body: Record<string, unknown>) => Value | string,
): Seen<Value> {
  if (reply.kind === 'none') return { seen: reply.certain ? 'failed' : 'unknown', detail: reply.error };
  if (reply.status >= 500 || reply.status === 429)
    return { seen: 'failed', detail: `answered ${reply.status}` };
  if (reply.status !== status)
    return {
      seen: 'wrong',
      detail: reply.status === 401 ? refusal : `answered ${reply.status}, expected ${status}`,
    };
  const value = read(reply.body);
  return typeof value === 'string' ? { seen: 'wrong', detail: value } : { seen: 'right', value };
}

export function bioFits(email: string, bio: string): boolean {
  const [, prose, digest] = /^(.*) \[sha256:([0-9a-f]{16})\]$/s.exec(bio) ?? [];
  return (
    prose !== undefined &&
    createHash('sha256').update(`${email}\n${prose}`).digest('hex').slice(0, 16) === digest
  );
}
