import type { Clock } from '../../core/clock.ts';
import type { JourneyWorkload, Recorder } from '../../core/workload.ts';
import { inputError } from '../../core/errors.ts';
import { digestOf, flagWrong, idsPerLoad, kinds, outcomes } from '../../core/ledger.ts';
import { emailOf, login, profile, refresh, refusedRefresh, revoke } from './account.ts';
import type { Seen } from './account.ts';
import { type Sessions, sessionValue } from './sessions.ts';
import type { Way } from './way.ts';

export interface JourneyOptions {
  way: Way;
  clock: Clock;
  seed: number;
  users: number;
  sessions: Sessions;
}

/**
 * The user of a journey: any of those seeded, the same for the same seed and number (murmur3's finaliser).
 */
export function userOf(seed: number, number: number, users: number): number {
  let word = (seed ^ Math.imul(number + 1, 0x9e3779b1)) | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return ((word ^ (word >>> 16)) >>> 0) % users;
}

/**
 * Logging in, looking at one's profile, refreshing; and with every third journey somebody logs out for good
 * who came in half as many journeys ago: only a session that a backup may hold can come back with it. The
 * session that a journey ends with is in the ledger as a record whose id is the journey's number: written
 * when it was given, removed when it was revoked.
 */
export const journeys = (options: JourneyOptions): JourneyWorkload => ({
  kind: 'journeys',
  neverReturn: true,
  prepare: async () => {
    for (const user of new Set([0, options.users - 1])) {
      const answer = await login(options.way, user);
      if (answer.seen === 'right') continue;
      throw inputError(`${emailOf(user)} cannot log in: ${answer.detail}`, {
        expected: `users 0 to ${options.users - 1}`,
        hint: "Seed them: `seed: [{ run: seed }]` in the scenario, with as many users as the component's configuration says.",
      });
    }
  },
  open: async (recorder) => ({
    journey: (number) => journey(options, recorder, number),
    close: async () => undefined,
  }),
  readBack: (emit) => options.sessions.tryAll(options.way, (id) => emit(id, sessionValue(id))),
});

/** Ends at the first answer that is not right. Every request leaves exactly one record. */
async function journey(
  { way, clock, seed, users, sessions }: JourneyOptions,
  recorder: Recorder,
  number: number,
): Promise<void> {
  const user = userOf(seed, number, users);
  const asked = async <Value>(
    request: () => Promise<Seen<Value>>,
    kind: 'answer' | 'write' | 'remove' = 'answer',
    id = number,
  ): Promise<Seen<Value>> => {
    const begun = clock.nowMs();
    const answer = await request();
    recordOf(recorder, kind, id, answer.seen, begun, clock.nowMs());
    return answer;
  };

  const entered = await asked(() => login(way, user));
  if (entered.seen !== 'right') return;
  const looked = await asked(() => profile(way, entered.value.access, user));
  if (looked.seen !== 'right') return;
  const renewed = await asked(() => refresh(way, entered.value.refresh), 'write');
  if (renewed.seen !== 'right') return;
  sessions.remember(number, renewed.value.refresh, 'alive');
  if (number % 3 !== 2) return;

  const own = number % idsPerLoad;
  const older = number - own + Math.floor(own / 2);
  const leaving = sessions.alive(older) === null ? number : older;
  const token = sessions.alive(leaving)!;
  // From here on it may be dead at any moment, until the answer says which.
  sessions.remember(leaving, token, 'doubtful');
  const revoked = await asked(() => revoke(way, token), 'remove', leaving);
  if (revoked.seen !== 'right') return;
  sessions.remember(leaving, token, 'dead');
  let successor: string | undefined;
  await asked(async () => {
    const answer = await refusedRefresh(way, token);
    successor = answer.successor;
    return answer;
  });
  if (successor) sessions.remember(leaving, successor, 'dead');
}

/**
 * A write or removal that was acknowledged is recorded as such. One that was not stands as an answer that
 * failed, with one exception: a removal that may have happened. (A session whose token never arrived cannot
 * be looked for.)
 */
function recordOf(
  recorder: Recorder,
  kind: 'answer' | 'write' | 'remove',
  id: number,
  seen: Seen<unknown>['seen'],
  begun: number,
  ended: number,
): void {
  if (kind === 'write' && seen === 'right') {
    const { low, high } = digestOf(sessionValue(id));
    recorder.record(kinds.write, outcomes.ok, id, id, begun, ended, low, high, 0);
  } else if (kind === 'remove' && seen !== 'wrong') {
    // A service that says it cannot may still have done it before it found out.
    recorder.record(
      kinds.remove,
      seen === 'right' ? outcomes.ok : outcomes.unknown,
      id,
      id,
      begun,
      ended,
      0,
      0,
      0,
    );
  } else {
    const outcome = {
      right: outcomes.ok,
      wrong: outcomes.ok,
      failed: outcomes.fail,
      unknown: outcomes.unknown,
    }[seen];
    recorder.record(kinds.answer, outcome, id, id, begun, ended, 0, 0, seen === 'wrong' ? flagWrong : 0);
  }
}
