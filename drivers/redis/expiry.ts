import type { Redis } from 'ioredis';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import { toleranceMs } from './compare-keys.ts';
import { prefixOf } from './key-names.ts';
import { expiryKey, isMusters, scanKeys } from './keys.ts';
import type { Server } from './server.ts';

/** Keys of our own: one in three expires within seconds, the others within the hour after next. */
const ownKeys = 300;
const shortestMs = 1_000;
const shortStepMs = 100;
const longestMs = 3_600_000;
const sampleKeys = 500;
const scannedKeys = 20_000;
const prefixesNamed = 10;
/**
 * A key may be seen up to this long after its time: expiry is lazy, and our own clock reading comes after the
 * answer.
 */
const dueMs = 1_000;

/** A key and the moment it should expire, in Unix milliseconds; -1 for never. */
interface Promised {
  key: Buffer;
  atMs: number;
}
interface Baseline {
  own: Promised[];
  sample: Promised[];
}

/**
 * What became of promised expiries. Names of keys stay out of it: an application may keep secrets in them.
 * `renewed`: their time has come, and there is one with another.
 */
interface Tally {
  kept: number;
  expired: number;
  renewed: number;
  lost: number;
  wrong: number;
  late: number;
}

/**
 * Keys must expire when they should have, counted from absolute times: a restore that takes time must not
 * make them live longer, nor shorter. Keys whose time came while the service was away are gone by right, and
 * counted apart. Of the application's, those that it rewrites on its own (`volatileKeys`) are left out.
 */
export function expiryCheck(server: Server, component: string, isVolatile: (key: Buffer) => boolean): Check {
  let baseline: Baseline | null = null;
  return {
    before: async () => {
      baseline = await server.run(async (redis) => ({
        own: await writeOwn(redis, component),
        sample: await sampleOf(redis, isVolatile),
      }));
      return { own: baseline.own.length, sampled: baseline.sample.length };
    },
    after: async () => {
      const expected = baseline;
      if (!expected)
        return { verdict: 'inconclusive', detail: 'nothing was noted before the load', facts: null };
      return server.run(async (redis) =>
        judge(
          await tallyOf(redis, expected.own, 'nobody renews'),
          await tallyOf(redis, expected.sample, 'renewed'),
        ),
      );
    },
  };
}

export async function serverNowMs(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

async function writeOwn(redis: Redis, component: string): Promise<Promised[]> {
  const now = await serverNowMs(redis);
  const own = Array.from({ length: ownKeys }, (_, n): Promised => {
    const inMs = n % 3 === 0 ? shortestMs + n * shortStepMs : longestMs + n * 10_000;
    return { key: Buffer.from(expiryKey(component, n)), atMs: now + inMs };
  });
  const pipeline = redis.pipeline();
  for (const { key, atMs } of own) pipeline.set(key, 'expires', 'PXAT', atMs);
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  return own;
}

async function expiries(redis: Redis, keys: readonly Buffer[]): Promise<number[]> {
  const pipeline = redis.pipeline();
  for (const key of keys) pipeline.pexpiretime(key);
  return ((await pipeline.exec()) ?? []).map(([error, value]) => {
    if (error) throw error;
    return value as number;
  });
}

async function sampleOf(redis: Redis, isVolatile: (key: Buffer) => boolean): Promise<Promised[]> {
  const sample: Promised[] = [];
  let scanned = 0;
  for await (const keys of scanKeys(redis, '*')) {
    const theirs = keys.filter((key) => !isMusters(key) && !isVolatile(key));
    const found = await expiries(redis, theirs);
    theirs.forEach((key, i) => {
      if (found[i]! > 0 && sample.length < sampleKeys) sample.push({ key, atMs: found[i]! });
    });
    scanned += keys.length;
    if (sample.length >= sampleKeys || scanned >= scannedKeys) break;
  }
  return sample;
}

interface Told {
  tally: Tally;
  prefixes: string[];
}

/** `renewed`: an application writes keys anew whose time has come. */
async function tallyOf(
  redis: Redis,
  promised: Promised[],
  after: 'renewed' | 'nobody renews',
): Promise<Told> {
  const begunMs = await serverNowMs(redis);
  const found = await expiries(
    redis,
    promised.map(({ key }) => key),
  );
  const endedMs = await serverNowMs(redis);
  const tally: Tally = { kept: 0, expired: 0, renewed: 0, lost: 0, wrong: 0, late: 0 };
  const prefixes = new Set<string>();
  promised.forEach(({ key, atMs }, i) => {
    const became = becameOf(found[i]!, atMs, { begunMs, endedMs, after });
    tally[became] += 1;
    if (became === 'lost' || became === 'wrong' || became === 'late') prefixes.add(prefixOf(key));
  });
  return { tally, prefixes: [...prefixes].sort() };
}

function becameOf(
  actual: number,
  atMs: number,
  { begunMs, endedMs, after }: { begunMs: number; endedMs: number; after: 'renewed' | 'nobody renews' },
): keyof Tally {
  const same = actual > 0 && Math.abs(actual - atMs) <= toleranceMs;
  if (actual === -2) return atMs <= endedMs ? 'expired' : 'lost';
  if (after === 'renewed' && atMs <= endedMs && actual > 0 && !same) return 'renewed';
  if (atMs + dueMs < begunMs) return 'late';
  return same ? 'kept' : 'wrong';
}

const badOf = ({ lost, wrong, late }: Tally): number => lost + wrong + late;
const badInWords = ({ lost, wrong, late }: Tally): string =>
  `${lost} are gone too early, ${wrong} have another expiry, ${late} outlived theirs`;

/** Our own keys and the application's: nobody may change the ones, and a recovery not the others. */
function judge(own: Told, sample: Told): CheckOutcome {
  const facts = { own: { ...own.tally }, application: { ...sample.tally }, toleranceMs };
  const seen = `${own.tally.kept} of Muster's ${ownKeys} keys expire when they should, ${own.tally.expired} have expired in their time`;
  const { kept, expired, renewed } = sample.tally;
  const theirs = `of ${kept + expired + renewed + badOf(sample.tally)} keys of the application that were looked at`;
  const bad = [
    ...(badOf(own.tally) > 0 ? [`${badInWords(own.tally)}`] : []),
    ...(badOf(sample.tally) > 0
      ? [`${theirs} ${badInWords(sample.tally)} (${sample.prefixes.slice(0, prefixesNamed).join(', ')})`]
      : []),
  ];
  if (bad.length > 0) return { verdict: 'fail', detail: `${seen}; ${bad.join('; ')}`, facts };
  if (own.tally.kept === 0)
    return { verdict: 'inconclusive', detail: `${seen}: nothing is left to compare`, facts };
  return {
    verdict: 'pass',
    detail: `${seen}; ${theirs} ${kept} expire when they should, ${expired} have expired in their time, ${renewed} were written anew after it`,
    facts,
  };
}
