import { pollUntil } from '../../core/clock.ts';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import { aloneOf, doubtOfAlone } from './alone.ts';
import { countedOf, isBehind, type Counted, type Look } from './became.ts';
import { serverNowMs } from './expiry.ts';
import { parseInfo } from './info.ts';
import type { Peer } from './peers.ts';
import { sampleOf, thereOf, type Sampled } from './sampled.ts';
import { withOwn } from './server.ts';
import type { OtherServer } from './site.ts';
import { doubtOf, type Doubt } from './standing.ts';
import { around, beforeOf, followingOf, sourceName, type Before, type Following } from './whom.ts';

/** Fewer say nothing: an application may have removed them all. */
const fewestKeys = 20;
/** More than a source waits before it sends a replica all that it has (5 s). */
const caughtUpMs = 12_000;
/** For what is as it is unless it changes at this moment: all is received, or nobody can be asked. */
const stillMs = 2_000;
/** Sentinel asks a server for its role every 10 s, and waits 8 s more before it makes it a replica again. */
const attachedMs = 25_000;
const receivedMs = 60_000;

/** What a replica held right before the fault, and whom it followed. */
interface Held extends Sampled {
  before: Before;
}

/**
 * What a replica held right before the fault is still there, and where its source has it, so has the replica.
 * A primary that comes back empty empties its replicas too, though both answer all the time. One whose link
 * is down, or that follows another history than the one that clients use, is a replica of nobody. Whom it
 * follows now is asked first: a recovery may move it. Only of what is a replica right before the fault; of
 * any other server, nothing.
 */
export function followsCheck(system: OtherServer): Check {
  const { site } = system;
  let held: Held | null = null;
  return {
    justBefore: async () => {
      held = await heldBy(system);
      const source = held && sourceName(held.before);
      return held === null ? null : { source, sampled: held.keys.length, keys: held.all };
    },
    after: async () => {
      if (held === null) return nothing(`${site.service.name} was no replica right before the fault`);
      if (held.keys.length < fewestKeys)
        return nothing(`${site.service.name} held ${held.all} keys right before the fault: too few to tell`);
      return judge(system, held);
    },
  };
}

const nothing = (detail: string): CheckOutcome => ({
  verdict: 'inconclusive',
  detail,
  facts: null,
  nothing: true,
});

const heldBy = (system: OtherServer): Promise<Held | null> =>
  withOwn(system.own, async (redis) => {
    const now = followingOf(parseInfo(await redis.info('replication')));
    if (!now.isReplica) return null;
    const sampled = await sampleOf(redis);
    return { ...sampled, before: await beforeOf(system, now) };
  });

/** `source`: null where it cannot be asked, or is followed no more. */
interface Now extends Look {
  following: Following;
  source: Peer | null;
  doubt: Doubt | null;
}

const unasked: Doubt = { kind: 'unsure', why: 'whom it follows could not be asked' };

async function lookAgain(system: OtherServer, held: Held): Promise<Now> {
  const seen = await settled(system, held.before);
  const now = await withOwn(system.own, async (redis) => ({
    there: await thereOf(redis, held),
    nowMs: await serverNowMs(redis),
    following: followingOf(parseInfo(await redis.info('replication'))),
  }));
  const { isReplica } = now.following;
  const nobody = { ...now, source: null, atSource: null };
  if (seen === null || seen.isReplica !== isReplica) return { ...nobody, doubt: unasked };
  const { doubt, source } = seen;
  if (!isReplica) return { ...nobody, doubt };
  const atSource =
    source && (await withOwn(source.address, (redis) => thereOf(redis, held)).catch(() => null));
  const unread = `what ${source?.name} holds cannot be read`;
  return {
    ...now,
    source,
    atSource,
    doubt: doubt ?? (atSource === null ? { kind: 'cannot be asked', why: unread } : null),
  };
}

/** What a replica is by now, and whom it follows where it still is one. */
interface Seen {
  isReplica: boolean;
  source: Peer | null;
  doubt: Doubt | null;
}

/**
 * Waits until the replica has what its source had written by now, or serves by itself by right; for so long
 * at most, and for longer where all of it is under way. Null where it cannot be asked.
 */
async function settled(system: OtherServer, before: Before): Promise<Seen | null> {
  const { server, clock } = system.site;
  let sinceMs = clock.nowMs();
  let wasReplica: boolean | null = null;
  /** By history: as far as it went when it was first seen. */
  const written = new Map<string, number>();
  let last = null as Seen | null;
  await pollUntil(clock, { everyMs: 50, deadlineMs: receivedMs }, async () => {
    const now = await server.info('replication').then(followingOf, () => null);
    // One that is made a replica again has its time from then on.
    if (now !== null && now.isReplica !== wasReplica) {
      if (wasReplica !== null) sinceMs = clock.nowMs();
      wasReplica = now.isReplica;
    }
    const isLate = (ms: number): boolean => clock.nowMs() - sinceMs > ms;
    last = null;
    if (now === null) return isLate(caughtUpMs);
    if (!now.isReplica) {
      const alone = await aloneOf(system, before).catch(() => null);
      last = { isReplica: false, source: null, doubt: alone ? doubtOfAlone(alone) : unasked };
      return isLate(last.doubt === null ? (alone?.isSure ? -1 : stillMs) : attachedMs);
    }
    const found = await around(system, now, before).catch(() => null);
    if (found === null) return isLate(caughtUpMs);
    const { present } = found;
    if (present && !written.has(present.history)) written.set(present.history, present.written);
    const doubt = doubtOf(now, found, present ? written.get(present.history)! : 0);
    last = { isReplica: true, source: present, doubt };
    const patienceMs = ['cannot be asked', 'beside'].includes(doubt?.kind ?? '') ? stillMs : caughtUpMs;
    return doubt === null || (!now.receiving && isLate(patienceMs));
  });
  return last;
}

async function judge(system: OtherServer, held: Held): Promise<CheckOutcome> {
  const { name } = system.site.service;
  const first = await lookAgain(system, held);
  const last = first.doubt?.kind !== 'fails' && isBehind(first) ? await lookAgain(system, held) : first;
  const counted = countedOf(held.keys, first, last);
  const { sampled, expired, kept, rewritten, gone, thereAtSource } = counted;
  const before = sourceName(held.before);
  const now = last.source?.name ?? sourceName(last.following);
  const of = held.all > sampled ? `${sampled} of the ${held.all} keys` : `${sampled} keys`;
  const inTime = expired === 0 ? '' : `${expired} expired in their time, `;
  const atThat = thereAtSource === null ? '' : `; ${now} has ${thereAtSource} of them`;
  const seen = `${name} was a replica of ${before} right before the fault: of ${of} that it held then, ${inTime}${kept} are as they were, ${rewritten} were written anew and ${gone} are gone${atThat}`;
  const facts = {
    source: before,
    sourceNow: last.following.isReplica ? now : null,
    role: last.following.role,
    link: last.following.link,
    keysBefore: held.all,
    ...counted,
    lacking: thereAtSource === null ? null : counted.lacking,
  };
  const red = redOf(last, counted, now);
  if (red !== null) return { verdict: 'fail', detail: `${seen}${red}`, facts };
  return { ...unlessRed(last, counted, seen), facts };
}

/**
 * What clients rewrite after the loss is there again: that nothing is as it was, and most is gone, is what
 * shows.
 */
function redOf({ following, doubt }: Now, counted: Counted, source: string): string | null {
  const { kept, gone, lacking, other } = counted;
  if (!isTooFew(counted) && kept === 0 && gone * 2 >= lasting(counted))
    return following.isReplica ? `. It followed ${source} into the loss` : '';
  if (doubt?.kind === 'fails') return `; ${doubt.why}`;
  if (lacking > 0) return `; ${lacking} that ${source} has are not here`;
  if (other > 0) return `; ${other} that ${source} still has as they were are others here`;
  return null;
}

const lasting = ({ sampled, expired }: Counted): number => sampled - expired;
const isTooFew = (counted: Counted): boolean => lasting(counted) < fewestKeys;

/** One that was promoted is for the checks of what clients use. */
function unlessRed(
  { following, doubt }: Now,
  counted: Counted,
  seen: string,
): Pick<CheckOutcome, 'verdict' | 'detail' | 'nothing'> {
  const detail = doubt === null ? seen : `${seen}; ${doubt.why}`;
  if (doubt?.kind === 'unsure') return { verdict: 'inconclusive', detail };
  if (isTooFew(counted)) return nothing(`${detail}: too few are left to tell`);
  const isWhole = counted.gone === 0;
  if (!following.isReplica && !isWhole) {
    const why = 'whether the others were removed by right is for the checks of what clients use';
    return nothing(`${detail}; ${why}: it is a replica no more`);
  }
  if (doubt === null) return { verdict: 'pass', detail };
  const isSound = isWhole && following.link === 'up';
  if (doubt.kind === 'beside') return { verdict: isSound ? 'pass' : 'inconclusive', detail };
  return isSound ? nothing(detail) : { verdict: 'inconclusive', detail };
}
