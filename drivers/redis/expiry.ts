import type { Redis } from 'ioredis';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import { expiryKey, musterPrefix, scanKeys } from './keys.ts';
import type { Server } from './server.ts';

/** Keys of our own: one in three expires within seconds, the others within the hour after next. */
const ownKeys = 300;
const shortestMs = 1_000;
const shortStepMs = 100;
const longestMs = 3_600_000;
const sampleKeys = 500;
const scannedKeys = 20_000;
const toleranceMs = 1_000;
/** A key may be seen up to this long after its time: expiry is lazy, and our own clock reading comes after the answer. */
const dueMs = 1_000;

/** A key and the moment it should expire, in Unix milliseconds; -1 for never. */
interface Promised { key: string; atMs: number }
interface Baseline { own: Promised[]; sample: Promised[] }

/** What became of promised expiries. Names of keys stay out of it: an application may keep secrets in them. */
interface Tally { kept: number; expired: number; lost: number; wrong: number; late: number }

/**
 * Keys must expire when they should have, counted from absolute times: a restore that takes time must not make them live longer, nor
 * shorter. Keys whose time came while the service was away are gone by right, and counted apart.
 */
export function expiryCheck(server: Server, component: string): Check {
  let baseline: Baseline | null = null;
  return {
    before: async () => {
      baseline = await server.run(async (redis) => ({ own: await writeOwn(redis, component), sample: await sampleOf(redis) }));
      return { own: baseline.own.length, sampled: baseline.sample.length };
    },
    after: async () => {
      const expected = baseline;
      if (!expected) return { verdict: 'inconclusive', detail: 'nothing was noted before the load', facts: null };
      return server.run(async (redis) => judge(await tallyOf(redis, expected.own), await tallyOf(redis, expected.sample)));
    },
  };
}

async function serverNowMs(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

async function writeOwn(redis: Redis, component: string): Promise<Promised[]> {
  const now = await serverNowMs(redis);
  const own = Array.from({ length: ownKeys }, (_, n): Promised => {
    const inMs = n % 3 === 0 ? shortestMs + n * shortStepMs : longestMs + n * 10_000;
    return { key: expiryKey(component, n), atMs: now + inMs };
  });
  const pipeline = redis.pipeline();
  for (const { key, atMs } of own) pipeline.set(key, 'expires', 'PXAT', atMs);
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  return own;
}

async function expiries(redis: Redis, keys: readonly string[]): Promise<number[]> {
  const pipeline = redis.pipeline();
  for (const key of keys) pipeline.pexpiretime(key);
  return ((await pipeline.exec()) ?? []).map(([error, value]) => {
    if (error) throw error;
    return value as number;
  });
}

async function sampleOf(redis: Redis): Promise<Promised[]> {
  const sample: Promised[] = [];
  let scanned = 0;
  for await (const keys of scanKeys(redis, '*')) {
    const theirs = keys.filter((key) => !key.startsWith(musterPrefix));
    const found = await expiries(redis, theirs);
    theirs.forEach((key, i) => {
      if (found[i]! > 0 && sample.length < sampleKeys) sample.push({ key, atMs: found[i]! });
    });
    scanned += keys.length;
    if (sample.length >= sampleKeys || scanned >= scannedKeys) break;
  }
  return sample;
}

async function tallyOf(redis: Redis, promised: Promised[]): Promise<Tally> {
  const before = await serverNowMs(redis);
  const found = await expiries(redis, promised.map(({ key }) => key));
  const after = await serverNowMs(redis);
  const tally: Tally = { kept: 0, expired: 0, lost: 0, wrong: 0, late: 0 };
  promised.forEach(({ atMs }, i) => {
    const actual = found[i]!;
    if (actual === -2) tally[atMs <= after ? 'expired' : 'lost'] += 1;
    else if (atMs + dueMs < before) tally.late += 1;
    else if (actual === -1 || Math.abs(actual - atMs) > toleranceMs) tally.wrong += 1;
    else tally.kept += 1;
  });
  return tally;
}

/** Our own keys decide: nobody else touches them. The application may have renewed or removed its own, so that they only inform. */
function judge(own: Tally, sample: Tally): CheckOutcome {
  const facts = { own: { ...own }, application: { ...sample }, toleranceMs };
  const seen = `${own.kept} of Muster's ${ownKeys} keys expire when they should, ${own.expired} have expired in their time`;
  const bad = own.lost + own.wrong + own.late;
  if (bad > 0) return { verdict: 'fail', detail: `${seen}; ${own.lost} are gone too early, ${own.wrong} have another expiry, ${own.late} outlived theirs`, facts };
  if (own.kept === 0) return { verdict: 'inconclusive', detail: `${seen}: nothing is left to compare`, facts };
  return { verdict: 'pass', detail: `${seen}; of ${sample.kept + sample.expired + sample.lost + sample.wrong + sample.late} keys of the application ${sample.kept} are unchanged`, facts };
}
