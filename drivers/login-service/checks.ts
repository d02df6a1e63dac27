import { createHash } from 'node:crypto';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import { environmentError } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { emailOf, login, profile, refresh, refusedLogin, revoke } from './account.ts';
import { userOf } from './journeys.ts';
import { forEachAtOnce, Sessions } from './sessions.ts';
import { patiently, type Way } from './way.ts';

const atOnce = 8;

interface Trouble {
  user: number;
  detail: string;
  answered: boolean;
}

/**
 * A sample of users logs in with the right password, not with another, and each finds the profile that was
 * there before.
 */
export function logins(clients: Way, options: { seed: number; users: number; sample: number }): Check {
  const way = patiently(clients);
  const sample = sampleOf(options);

  const visit = async (user: number): Promise<{ digest: string } | Trouble> => {
    const entered = await login(way, user);
    if (entered.seen !== 'right')
      return { user, detail: `login: ${entered.detail}`, answered: entered.seen !== 'unknown' };
    const looked = await profile(way, entered.value.access, user);
    if (looked.seen !== 'right')
      return { user, detail: `profile: ${looked.detail}`, answered: looked.seen !== 'unknown' };
    const wrong = await refusedLogin(way, user);
    if (wrong.seen !== 'right')
      return {
        user,
        detail: `login with a wrong password: ${wrong.detail}`,
        answered: wrong.seen !== 'unknown',
      };
    return { digest: createHash('sha256').update(JSON.stringify(looked.value)).digest('hex').slice(0, 16) };
  };
  const visitAll = async (): Promise<{ digests: Record<string, string>; troubles: Trouble[] }> => {
    const digests: Record<string, string> = {};
    const troubles: Trouble[] = [];
    await forEachAtOnce(atOnce, sample, async (user) => {
      const seen = await visit(user);
      if ('digest' in seen) digests[String(user)] = seen.digest;
      else troubles.push(seen);
    });
    return { digests, troubles };
  };

  return {
    before: async () => {
      const {
        digests,
        troubles: [trouble],
      } = await visitAll();
      if (trouble)
        throw environmentError(
          `the check "logins" fails before anything was broken: ${emailOf(trouble.user)}: ${trouble.detail}`,
        );
      return digests;
    },
    after: async (baseline) => {
      if (typeof baseline !== 'object' || baseline === null || Array.isArray(baseline))
        return { verdict: 'inconclusive', detail: 'there is nothing to compare with', facts: null };
      const expected = baseline;
      const { digests, troubles } = await visitAll();
      for (const [user, digest] of Object.entries(digests)) {
        if (expected[user] !== digest)
          troubles.push({ user: Number(user), detail: 'profile: not what it was before', answered: true });
      }
      return loginsOutcome(sample.length, troubles);
    },
  };
}

function loginsOutcome(tried: number, troubles: Trouble[]): CheckOutcome {
  const facts: Json = {
    tried,
    wrong: troubles.filter(({ answered }) => answered).length,
    unanswered: troubles.filter(({ answered }) => !answered).length,
  };
  const [first] = [...troubles].sort((a, b) => Number(b.answered) - Number(a.answered));
  if (!first)
    return {
      verdict: 'pass',
      detail: `${tried} users log in with their own password and no other, to the profile they had`,
      facts,
    };
  const detail = `${troubles.length} of ${tried} users in trouble; ${emailOf(first.user)}: ${first.detail}`;
  return { verdict: first.answered ? 'fail' : 'inconclusive', detail, facts };
}

function sampleOf({ seed, users, sample }: { seed: number; users: number; sample: number }): number[] {
  const chosen = new Set<number>();
  for (let at = 0; chosen.size < Math.min(sample, users); at += 1) chosen.add(userOf(seed, at, users));
  return [...chosen];
}

const revokedBefore = 16;

/**
 * Tokens that were revoked, before the load and by it, are refused; a fresh one is accepted, or the refusals
 * would prove nothing.
 */
export function revokedStayRevoked(clients: Way, ofLoad: Sessions, users: number): Check {
  const way = patiently(clients);
  const early = new Sessions();
  return {
    before: async () => {
      for (let at = 0; at < revokedBefore; at += 1) {
        const entered = await login(way, at % users);
        if (entered.seen !== 'right') throw environmentError(`no session to revoke: ${entered.detail}`);
        const revoked = await revoke(way, entered.value.refresh);
        if (revoked.seen !== 'right')
          throw environmentError(`a session cannot be revoked: ${revoked.detail}`);
        early.remember(at, entered.value.refresh, 'dead');
      }
      return { revoked: revokedBefore };
    },
    after: async () => {
      const before = await early.tryDead(way);
      const during = await ofLoad.tryDead(way);
      const fresh = await freshAccepted(way);
      const facts: Json = { beforeLoad: before, duringLoad: during, freshAccepted: fresh };
      const tried = before.tried + during.tried;
      const accepted = before.accepted + during.accepted;
      if (accepted > 0)
        return {
          verdict: 'fail',
          detail: `${accepted} of ${tried} revoked tokens are accepted again`,
          facts,
        };
      const why = before.detail ?? during.detail;
      if (why)
        return {
          verdict: 'inconclusive',
          detail: `${before.unanswered + during.unanswered} of ${tried} revoked tokens got neither yes nor no: ${why}`,
          facts,
        };
      if (!fresh)
        return {
          verdict: 'inconclusive',
          detail: 'a fresh token is not accepted either, so refusing the revoked ones proves nothing',
          facts,
        };
      if (tried === 0) return { verdict: 'inconclusive', detail: 'no token was revoked', facts };
      return {
        verdict: 'pass',
        detail: `${tried} revoked tokens (${during.tried} of them by the load) are refused, a fresh one is accepted`,
        facts,
      };
    },
  };
}

async function freshAccepted(way: Way): Promise<boolean> {
  const entered = await login(way, 0);
  return entered.seen === 'right' && (await refresh(way, entered.value.refresh)).seen === 'right';
}
