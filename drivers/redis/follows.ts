import { pollUntil } from '../../core/clock.ts';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import { parseInfo } from './info.ts';
import type { Peer } from './peers.ts';
import { sampleOf, thereOf, type Kept, type Key, type Sampled } from './sampled.ts';
import { takesWrites, withOwn } from './server.ts';
import type { OtherServer, RedisSite } from './site.ts';
import { doubtOf, type Doubt } from './standing.ts';
import {
  around,
  beforeOf,
  followingOf,
  sourceName,
  type Around,
  type Before,
  type Following,
} from './whom.ts';

/** Fewer say nothing: an application may have removed them all. */
const fewestKeys = 20;
/** More than a source waits before it sends a replica all that it has (5 s). */
const caughtUpMs = 12_000;
/** For what is as it is unless it changes at this moment: all is received, or nobody can be asked. */
const stillMs = 2_000;
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
  const { site, own } = system;
  let held: Held | null = null;
  return {
    justBefore: async () => {
      held = await heldBy(site, own);
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

const heldBy = (site: RedisSite, own: OtherServer['own']): Promise<Held | null> =>
  withOwn(own, async (redis) => {
    const now = followingOf(parseInfo(await redis.info('replication')));
    if (!now.isReplica) return null;
    const sampled = await sampleOf(redis);
    return { ...sampled, before: await beforeOf(site, now) };
  });

/**
 * `there`: of the keys that were held. `atSource` is asked after the replica, so that what expires in between
 * is no difference; null where it cannot be asked, or is followed no more.
 */
interface Now {
  there: Map<Key, Kept>;
  following: Following;
  source: Peer | null;
  atSource: ReadonlyMap<Key, Kept> | null;
  doubt: Doubt | null;
}

const unasked: Doubt = { kind: 'unsure', why: 'whom it follows could not be asked' };

async function lookAgain(system: OtherServer, held: Held): Promise<Now> {
  const seen = await settled(system, held.before);
  const now = await withOwn(system.own, async (redis) => ({
    there: await thereOf(redis, held),
    following: followingOf(parseInfo(await redis.info('replication'))),
  }));
  if (!now.following.isReplica) return { ...now, source: null, atSource: null, doubt: null };
  if (seen === null) return { ...now, source: null, atSource: null, doubt: unasked };
  const { doubt, present: source } = seen;
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

/**
 * Waits until the replica has what its source had written by now, or is no replica; for so long at most, and
 * for longer where all of it is under way. Null where it cannot be asked itself, or is no replica.
 */
async function settled(
  system: OtherServer,
  before: Before,
): Promise<(Around & { doubt: Doubt | null }) | null> {
  const { server, clock } = system.site;
  const begunMs = clock.nowMs();
  /** By history: as far as it went when it was first seen. */
  const written = new Map<string, number>();
  let last = null as (Around & { doubt: Doubt | null }) | null;
  await pollUntil(clock, { everyMs: 50, deadlineMs: receivedMs }, async () => {
    const now = await server.info('replication').then(followingOf, () => null);
    const late = clock.nowMs() - begunMs > caughtUpMs;
    last = null;
    if (now === null) return late;
    if (!now.isReplica) return true;
    const found = await around(system, now, before).catch(() => null);
    if (found === null) return late;
    const { present } = found;
    if (present && !written.has(present.history)) written.set(present.history, present.written);
    const doubt = doubtOf(now, found, present ? written.get(present.history)! : 0);
    last = { ...found, doubt };
    const patienceMs = ['cannot be asked', 'beside'].includes(doubt?.kind ?? '') ? stillMs : caughtUpMs;
    return doubt === null || (!now.receiving && clock.nowMs() - begunMs > patienceMs);
  });
  return last;
}

/** Keys that the source has as they were before the fault, and the replica has not. */
const othersOf = ({ there, atSource }: Now): Key[] =>
  [...(atSource ?? [])].flatMap(([key, how]) =>
    how === 'as it was' && there.get(key) === 'rewritten' ? [key] : [],
  );

/** How many of the keys that were held are what now. */
interface Counted {
  sampled: number;
  kept: number;
  rewritten: number;
  gone: number;
  thereAtSource: number | null;
  lacking: number;
  other: number;
}

function countedOf({ keys }: Sampled, first: Now, again: readonly Key[]): Counted {
  const { there, atSource } = first;
  const kept = [...there.values()].filter((how) => how === 'as it was').length;
  return {
    sampled: keys.length,
    kept,
    rewritten: there.size - kept,
    gone: keys.length - there.size,
    thereAtSource: atSource?.size ?? null,
    lacking: [...(atSource?.keys() ?? [])].filter((key) => !there.has(key)).length,
    other: othersOf(first).filter((key) => again.includes(key)).length,
  };
}

async function judge(system: OtherServer, held: Held): Promise<CheckOutcome> {
  const { site } = system;
  const first = await lookAgain(system, held);
  // What an application turns to and fro may be another between two answers: not twice.
  const again = othersOf(first).length === 0 ? [] : othersOf(await lookAgain(system, held));
  const counted = countedOf(held, first, again);
  const { sampled, kept, rewritten, gone, thereAtSource } = counted;
  const before = sourceName(held.before);
  const now = first.source?.name ?? sourceName(first.following);
  const of = held.all > sampled ? `${sampled} of the ${held.all} keys` : `${sampled} keys`;
  const atThat = thereAtSource === null ? '' : `; ${now} has ${thereAtSource} of them`;
  const seen = `${site.service.name} was a replica of ${before} right before the fault: of ${of} that it held then, ${kept} are as they were, ${rewritten} were written anew and ${gone} are gone${atThat}`;
  const facts = {
    source: before,
    sourceNow: first.following.isReplica ? now : null,
    role: first.following.role,
    link: first.following.link,
    keysBefore: held.all,
    ...counted,
    lacking: thereAtSource === null ? null : counted.lacking,
  };
  const red = redOf(first, counted, now);
  if (red !== null) return { verdict: 'fail', detail: `${seen}${red}`, facts };
  if (!first.following.isReplica) return noReplicaNow(site, seen, gone, facts);
  const { doubt } = first;
  if (doubt === null) return { verdict: 'pass', detail: seen, facts };
  const detail = `${seen}; ${doubt.why}`;
  const isWhole = gone === 0 && first.following.link === 'up';
  if (doubt.kind === 'beside') return { verdict: isWhole ? 'pass' : 'inconclusive', detail, facts };
  if (doubt.kind === 'cannot be asked' && isWhole) return { ...nothing(detail), facts };
  return { verdict: 'inconclusive', detail, facts };
}

/**
 * What clients rewrite after the loss is there again: that nothing is as it was, and most is gone, is what
 * shows.
 */
function redOf({ following, doubt }: Now, counted: Counted, source: string): string | null {
  const { sampled, kept, gone, lacking, other } = counted;
  if (kept === 0 && gone * 2 >= sampled)
    return following.isReplica ? `. It followed ${source} into the loss` : '';
  if (doubt?.kind === 'fails') return `; ${doubt.why}`;
  if (lacking > 0) return `; ${lacking} that ${source} has are not here`;
  if (other > 0) return `; ${other} that ${source} still has as they were are others here`;
  return null;
}

/** One that was promoted is for the checks of what clients use; one that forgot its source is of no use. */
async function noReplicaNow(
  site: RedisSite,
  seen: string,
  gone: number,
  facts: CheckOutcome['facts'],
): Promise<CheckOutcome> {
  if (site.replicaState.role === 'replica' && !(await takesWrites(site.server)))
    return { verdict: 'fail', detail: `${seen}. It is a replica no more, and takes no writes`, facts };
  if (gone === 0) return { verdict: 'pass', detail: seen, facts };
  const why = 'whether the others were removed by right is for the checks of what clients use';
  return { ...nothing(`${seen}; ${why}: it is a replica no more`), facts };
}
