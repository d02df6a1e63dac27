import type { Redis } from 'ioredis';
import { pollUntil } from '../../core/clock.ts';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import type { Address } from './connection.ts';
import { digestKey } from './key-digest.ts';
import { databasesOf, scanKeys } from './keys.ts';
import { atPeer } from './replica.ts';
import { withOwn, type Server } from './server.ts';
import type { RedisSite } from './site.ts';
import { parseInfo } from './info.ts';

/**
 * Enough to tell a replica that was emptied, or lags, from one that is whole; what is lost key by key, the
 * clients' ledger says.
 */
const sampleKeys = 200;
/** Fewer say nothing: an application may have removed them all. */
const fewestKeys = 20;
const caughtUpMs = 10_000;

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
 * A primary that comes back empty empties its replicas too, though both answer all the time. Only of what is
 * a replica then; of any other server, nothing.
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
async function thereOf(redis: Redis, { keys }: Held): Promise<Map<Key, 'as it was' | 'rewritten'>> {
  const there = new Map<Key, 'as it was' | 'rewritten'>();
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
  role: string;
  there: Map<Key, 'as it was' | 'rewritten'>;
  atSource: ReadonlyMap<Key, unknown> | null;
}

async function lookAgain(site: RedisSite, address: Address, source: string, held: Held): Promise<Now> {
  const own = async (): Promise<Now> =>
    withOwn(address, async (redis) => {
      const there = await thereOf(redis, held);
      return { role: parseInfo(await redis.info('replication'))['role']!, there, atSource: null };
    });
  try {
    return await atPeer(site, source, async (server) => {
      await receivedAll(site, server);
      const now = await own();
      return now.role === 'slave'
        ? { ...now, atSource: await server.run((redis) => thereOf(redis, held)) }
        : now;
    });
  } catch {
    // The source is gone, or no service of the stack: nothing to compare with. The replica itself is asked
    // again.
    return own();
  }
}

/** Waits until the replica has what its source had written by now, or is no replica; for so long at most. */
async function receivedAll(site: RedisSite, source: Server): Promise<void> {
  const { master_repl_offset: written, master_replid: history } = await source.info('replication');
  await pollUntil(site.clock, { everyMs: 50, deadlineMs: caughtUpMs }, async () => {
    const own = await site.server.info('replication');
    if (own['role'] !== 'slave') return true;
    return (
      own['master_link_status'] === 'up' &&
      own['master_replid'] === history &&
      Number(own['slave_repl_offset']) >= Number(written)
    );
  });
}

async function judge(site: RedisSite, address: Address, held: Held): Promise<CheckOutcome> {
  const source = site.replicaState.source ?? held.source;
  const { role, there, atSource } = await lookAgain(site, address, source, held);
  const sampled = held.keys.length;
  const kept = [...there.values()].filter((how) => how === 'as it was').length;
  const gone = sampled - there.size;
  const lacking = atSource === null ? null : [...atSource.keys()].filter((key) => !there.has(key)).length;
  const facts = {
    source,
    role,
    keysBefore: held.all,
    sampled,
    kept,
    rewritten: there.size - kept,
    gone,
    thereAtSource: atSource?.size ?? null,
    lacking,
  };
  const of = held.all > sampled ? `${sampled} of the ${held.all} keys` : `${sampled} keys`;
  const atThat = atSource === null ? '' : `; ${source} has ${atSource.size} of them`;
  const seen = `${site.service.name} was a replica of ${source} right before the fault: of ${of} that it held then, ${kept} are as they were, ${there.size - kept} were written anew and ${gone} are gone${atThat}`;
  // What clients rewrite after the loss is there again: that nothing is as it was, and most is gone, is what
  // shows.
  if (kept === 0 && gone * 2 >= sampled)
    return {
      verdict: 'fail',
      detail: role === 'slave' ? `${seen}. It followed ${source} into the loss` : seen,
      facts,
    };
  if (lacking !== null && lacking > 0)
    return { verdict: 'fail', detail: `${seen}; ${lacking} that ${source} has are not here`, facts };
  if (gone === 0 || lacking === 0) return { verdict: 'pass', detail: seen, facts };
  const why =
    role === 'slave'
      ? `cannot be seen at ${source}`
      : 'is for the checks of what clients use: it is a replica no more';
  return { ...nothing(`${seen}; whether the others were removed by right ${why}`), facts };
}
