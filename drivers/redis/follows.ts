import type { Redis } from 'ioredis';
import { pollUntil } from '../../core/clock.ts';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import { messageOf } from '../../core/errors.ts';
import type { Address } from './connection.ts';
import { digestKey } from './key-digest.ts';
import { databasesOf, scanKeys } from './keys.ts';
import { atPeer } from './replica.ts';
import { takesWrites, withOwn, type Server } from './server.ts';
import type { RedisSite } from './site.ts';
import { parseInfo, type Info } from './info.ts';

/**
 * Enough to tell a replica that was emptied, or lags, from one that is whole; what is lost key by key, the
 * clients' ledger says.
 */
const sampleKeys = 200;
/** Fewer say nothing: an application may have removed them all. */
const fewestKeys = 20;
/** More than a source waits before it sends a replica all that it has (5 s). */
const caughtUpMs = 12_000;
const receivedMs = 60_000;

interface Key {
  database: number;
  name: string;
  value: string;
}

/**
 * Some of the keys that a replica held, and the server that it followed. Names stay out of the record: they
 * may be secrets.
 */
interface Held {
  source: string;
  keys: Key[];
  all: number;
}

/**
 * What a replica held right before the fault is still there, and where its source has it, so has the replica.
 * A primary that comes back empty empties its replicas too, though both answer all the time. One whose link
 * is down, or that follows another history than its source's, is a replica of nobody. Only of what is a
 * replica right before the fault; of any other server, nothing.
 */
export function followsCheck(site: RedisSite, address: Address): Check {
  let held: Held | null = null;
  return {
    justBefore: async () => {
      held = await withOwn(address, sampleOf);
      return held === null ? null : { source: held.source, sampled: held.keys.length, keys: held.all };
    },
    after: async () => {
      if (held === null) return nothing(`${site.service.name} was no replica right before the fault`);
      if (held.keys.length < fewestKeys)
        return nothing(`${site.service.name} held ${held.all} keys right before the fault: too few to tell`);
      return judge(site, address, held);
    },
  };
}

const nothing = (detail: string): CheckOutcome => ({
  verdict: 'inconclusive',
  detail,
  facts: null,
  nothing: true,
});

async function sampleOf(redis: Redis): Promise<Held | null> {
  const { role, master_host: source } = parseInfo(await redis.info('replication'));
  if (role !== 'slave') return null;
  const held: Held = { source: source!, keys: [], all: 0 };
  for (const { database, keys } of await databasesOf(redis)) {
    held.all += keys;
    if (held.keys.length < sampleKeys)
      held.keys.push(...(await someOf(redis, database, sampleKeys - held.keys.length)));
  }
  return held;
}

async function someOf(redis: Redis, database: number, atMost: number): Promise<Key[]> {
  await redis.select(database);
  const names = new Set<string>();
  for await (const batch of scanKeys(redis, '*')) {
    for (const key of batch) if (names.size < atMost) names.add(key);
    if (names.size >= atMost) break;
  }
  const keys = await Promise.all(
    [...names].map(async (name) => ({ database, name, value: await contentOf(redis, name) })),
  );
  return keys.filter((key): key is Key => key.value !== null);
}

/** Type and value, whatever of it expires; null when the key is gone. */
async function contentOf(redis: Redis, name: string): Promise<string | null> {
  const found = await digestKey(redis, name);
  return found && `${found.type} ${found.value}`;
}

/** What the server has of the keys that were held: as they were, or rewritten since. */
async function thereOf(redis: Redis, { keys }: Held): Promise<Map<Key, Kept>> {
  const there = new Map<Key, Kept>();
  for (const database of new Set(keys.map((key) => key.database))) {
    await redis.select(database);
    await Promise.all(
      keys
        .filter((key) => key.database === database)
        .map(async (key) => {
          const now = await contentOf(redis, key.name);
          if (now !== null) there.set(key, now === key.value ? 'as it was' : 'rewritten');
        }),
    );
  }
  return there;
}

/**
 * `there`: of the keys that were held. `atSource` is asked after the replica, so that what expires in between
 * is no difference; null where it cannot be asked, or is followed no more.
 */
interface Now {
  there: Map<Key, Kept>;
  place: Place;
  atSource: ReadonlyMap<Key, Kept> | null;
  doubt: Doubt | null;
}
type Kept = 'as it was' | 'rewritten';

/** Why a replica does not follow the server that it should: surely (`fails`), or as far as can be told. */
interface Doubt {
  fails: boolean;
  why: string;
}

async function lookAgain(site: RedisSite, address: Address, source: string, held: Held): Promise<Now> {
  const own = async (): Promise<Now> =>
    withOwn(address, async (redis) => {
      const there = await thereOf(redis, held);
      return { there, place: await placeAt(redis), atSource: null, doubt: null };
    });
  try {
    return await atPeer(site, source, async (server) => {
      const doubt = await receivedAll(site, server, source);
      const now = await own();
      return now.place.isReplica
        ? { ...now, doubt, atSource: await server.run((redis) => thereOf(redis, held)) }
        : now;
    });
  } catch (error) {
    // The source is gone, or no service of the stack: nothing to compare with. The replica itself is asked
    // again.
    const now = await own();
    const why = [messageOf(error), ...(now.place.link === 'up' ? [] : [linkDown(now.place)])].join(', and ');
    return { ...now, doubt: { fails: false, why: `${source} cannot be asked: ${why}` } };
  }
}

/** What the server says of whom it follows. `source`: host and port, as it was told. */
interface Place {
  isReplica: boolean;
  role: string;
  source: string;
  link: string;
  receiving: boolean;
  history: string;
  offset: number;
}

const placeOf = (info: Info): Place => ({
  isReplica: info['role'] === 'slave',
  role: info['role'] ?? '',
  source: `${info['master_host']}:${info['master_port']}`,
  link: info['master_link_status'] ?? 'none',
  receiving: info['master_sync_in_progress'] === '1',
  history: info['master_replid'] ?? '',
  offset: Number(info['slave_repl_offset']),
});
const placeAt = async (redis: Redis): Promise<Place> => placeOf(parseInfo(await redis.info('replication')));
const linkDown = ({ source }: Place): string => `its link to ${source} is down`;

/**
 * Waits until the replica has what its source had written by now, or is no replica; for so long at most, and
 * for longer where all of it is under way. Gives what it lacks of a replica of that source.
 */
async function receivedAll(site: RedisSite, server: Server, source: string): Promise<Doubt | null> {
  const { master_repl_offset: written, master_replid: history } = await server.info('replication');
  const isWhole = (own: Place): boolean =>
    !own.isReplica || (own.link === 'up' && own.history === history && own.offset >= Number(written));
  const begunMs = site.clock.nowMs();
  let last = null as Place | null;
  await pollUntil(site.clock, { everyMs: 50, deadlineMs: receivedMs }, async () => {
    // Where it cannot be asked itself, whoever asks it next says so.
    last = await site.server.info('replication').then(placeOf, () => null);
    if (last === null) return true;
    return isWhole(last) || (!last.receiving && site.clock.nowMs() - begunMs > caughtUpMs);
  });
  return last === null ? null : doubtOf(last, isWhole, source, { history, written });
}

function doubtOf(
  own: Place,
  isWhole: (own: Place) => boolean,
  source: string,
  { history, written }: { history: string | undefined; written: string | undefined },
): Doubt | null {
  if (isWhole(own)) return null;
  if (own.receiving)
    return { fails: false, why: `after ${receivedMs / 1000} s it still receives all of ${own.source}` };
  if (own.link !== 'up') return { fails: true, why: `${source} answers, and ${linkDown(own)}` };
  if (own.history !== history)
    return { fails: true, why: `it follows ${own.source}, which has another history than ${source}` };
  return {
    fails: false,
    why: `after ${caughtUpMs / 1000} s it has received up to ${own.offset} of ${written} that ${source} had written`,
  };
}

/** Keys that the source has as they were before the fault, and the replica has not. */
const othersOf = ({ there, atSource }: Now): Key[] =>
  [...(atSource ?? [])].flatMap(([key, how]) =>
    how === 'as it was' && there.get(key) === 'rewritten' ? [key] : [],
  );

async function judge(site: RedisSite, address: Address, held: Held): Promise<CheckOutcome> {
  const source = site.replicaState.source ?? held.source;
  const first = await lookAgain(site, address, source, held);
  const { place, there, atSource, doubt } = first;
  // What an application turns to and fro may be another between two answers: not twice.
  const again = othersOf(first).length === 0 ? [] : othersOf(await lookAgain(site, address, source, held));
  const sampled = held.keys.length;
  const kept = [...there.values()].filter((how) => how === 'as it was').length;
  const gone = sampled - there.size;
  const lacking = atSource === null ? null : [...atSource.keys()].filter((key) => !there.has(key)).length;
  const other = othersOf(first).filter((key) => again.includes(key)).length;
  const facts = {
    source,
    role: place.role,
    link: place.link,
    keysBefore: held.all,
    sampled,
    kept,
    rewritten: there.size - kept,
    gone,
    thereAtSource: atSource?.size ?? null,
    lacking,
    other,
  };
  const of = held.all > sampled ? `${sampled} of the ${held.all} keys` : `${sampled} keys`;
  const atThat = atSource === null ? '' : `; ${source} has ${atSource.size} of them`;
  const seen = `${site.service.name} was a replica of ${source} right before the fault: of ${of} that it held then, ${kept} are as they were, ${there.size - kept} were written anew and ${gone} are gone${atThat}`;
  // What clients rewrite after the loss is there again: that nothing is as it was, and most is gone, is what
  // shows.
  if (kept === 0 && gone * 2 >= sampled)
    return {
      verdict: 'fail',
      detail: place.isReplica ? `${seen}. It followed ${source} into the loss` : seen,
      facts,
    };
  if (doubt?.fails) return { verdict: 'fail', detail: `${seen}; ${doubt.why}`, facts };
  if (lacking !== null && lacking > 0)
    return { verdict: 'fail', detail: `${seen}; ${lacking} that ${source} has are not here`, facts };
  if (other > 0)
    return {
      verdict: 'fail',
      detail: `${seen}; ${other} that ${source} still has as they were are others here`,
      facts,
    };
  if (!place.isReplica) return noReplicaNow(site, seen, gone, facts);
  if (doubt) return { verdict: 'inconclusive', detail: `${seen}; ${doubt.why}`, facts };
  return { verdict: 'pass', detail: seen, facts };
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
