import { Readable } from 'node:stream';
import type { BackupContext, Consistency, Sink } from '../../core/backup.ts';
import { NoRecoveryPoint } from '../../core/errors.ts';
import type { OwnOptions } from '../../core/own-backup.ts';
import { writesTo } from '../covered.ts';
import { assertEnough, assertNotBroken } from './backup.ts';
import { contentOf, digestOf, lookThrough, type Looked } from './digest.ts';
import { placeOf, type FollowedPlace } from './followed-place.ts';
import type { Found } from './ground.ts';
import { assertNoSecret, type Own } from './place.ts';

/** What is known of where a sidecar leaves its backups, from look to look. */
export interface Watch {
  own: Own;
  options: OwnOptions & { follow: NonNullable<OwnOptions['follow']> };
  place: FollowedPlace;
  /** Who makes them, as a reader knows it. */
  who: string;
  /** Of each file, as it was when it was last taken note of; and all that any was: what moved is not new. */
  known: Map<string, string>;
  states: Set<string>;
  /** Files of the first look, which may be half of something: when each was last seen to change. */
  unsettled: Map<string, number>;
  /** Nothing is at work any more of what was at the first look. */
  begun: boolean;
  /** When the last look began that saw nothing new; null before there was one. */
  lastWithoutMs: number | null;
  /** A next one is to be there, and whole, within that. */
  withinMs: number;
}

export function watchFor(own: Own, options: OwnOptions): Watch {
  const followed = { ...options, follow: options.follow! };
  return {
    own,
    options: followed,
    place: placeOf(own, followed),
    who: followed.follow.service ?? 'the sidecar',
    known: new Map(),
    states: new Set(),
    unsettled: new Map(),
    begun: false,
    lastWithoutMs: null,
    withinMs: Infinity,
  };
}

type Timing = Pick<BackupContext, 'now' | 'signal'>;

/** Often enough to know well when one began, and not so often that the looks are the load. */
const lookEveryMs = ({ withinMs }: Watch): number => Math.min(2_000, Math.max(250, withinMs / 40));

/** See BackupMethod.awaitNext. */
export async function awaitNext(
  watch: Watch,
  { withinMs, now, signal }: Timing & { withinMs: number },
): Promise<{ lastWithoutMs: number }> {
  const { own, who, place } = watch;
  watch.withinMs = withinMs;
  const begunMs = now();
  const troubled = untroubled();
  for (;;) {
    signal.throwIfAborted();
    const fresh = await troubled.unless(() => look(watch, now()));
    if (fresh?.length && watch.lastWithoutMs !== null) return { lastWithoutMs: watch.lastWithoutMs };
    if (now() - begunMs > withinMs) {
      if (troubled.by !== null) throw await place.troubleOf(troubled.by);
      throw new NoRecoveryPoint(`${who} has left nothing new in ${Math.round(withinMs / 1000)} s`, {
        found: place.found(),
        expected: `something that is new in ${place.where}, once in half of that time`,
      });
    }
    await own.drill.clock.sleep(lookEveryMs(watch), signal);
  }
}

/** A look that cannot be had says nothing; why the last one could not, is told when the time is over. */
function untroubled(): { by: unknown; unless<T>(look: () => Promise<T>): Promise<T | null> } {
  const troubled = {
    by: null as unknown,
    unless: async <T>(work: () => Promise<T>): Promise<T | null> => {
      try {
        const done = await work();
        troubled.by = null;
        return done;
      } catch (error) {
        if (error instanceof NoRecoveryPoint) throw error;
        troubled.by = error;
        return null;
      }
    },
  };
  return troubled;
}

/**
 * What differs from what is known. What is there at the first look, and what was at work by then, was begun
 * nobody knows when: until it has settled, however it changes, it is no backup of this drill.
 */
async function look(watch: Watch, atMs: number): Promise<Found[]> {
  const { known, states, unsettled, place, options } = watch;
  const found = await place.list();
  const news: Found[] = [];
  for (const one of found.filter(({ path, state }) => known.get(path) !== state && !states.has(state))) {
    const isEarlier = !watch.begun || unsettled.has(one.path);
    if (!isEarlier) news.push(one);
    else {
      note(watch, one);
      unsettled.set(one.path, atMs);
    }
  }
  for (const [path, changedMs] of unsettled)
    if (atMs - changedMs >= options.follow.settles.ms || !found.some((one) => one.path === path))
      unsettled.delete(path);
  watch.begun ||= ![...unsettled.keys()].some(place.isBegin);
  if (watch.begun && news.length === 0) watch.lastWithoutMs = atMs;
  return news;
}

function note({ known, states }: Watch, { path, state }: Found): void {
  known.set(path, state);
  states.add(state);
}

/**
 * Waits until what appeared is whole, and takes it in: it has stayed as it is, and twice the same was read of
 * it. What is empty, too little, or half of something may still become more; it is refused once the next one
 * begins beside it, or when its time is over.
 */
export async function takeNext(watch: Watch, to: Sink, context: BackupContext): Promise<Consistency> {
  const { own, options, place, who } = watch;
  const { drill, component } = own;
  const atMs = watch.lastWithoutMs!;
  const writes = writesTo(drill, component.name);
  const { parts, firstMs, wholeMs } = await untilWhole(watch, atMs, context);
  const looked = parts.map((one) => one.looked);
  const whole = digestOf(looked);
  const content = contentOf(looked);
  assertEnough(own, options, { bytes: whole.bytes, content, writes }, who);
  for (const { looked: one, file } of parts) {
    if (place.keeps) continue;
    const { sha256 } = await to.put(one.name, Readable.from(place.read(file), { objectMode: false }));
    if (sha256 !== one.sha256) throw stillWritten(watch, one.name);
  }
  const moved = (await place.list()).find(({ path, state }) =>
    parts.some(({ file }) => file.path === path && file.state !== state),
  );
  if (moved) throw stillWritten(watch, moved.name);
  assertNotBroken(own, context, atMs, who);
  own.earlier.push({ content, writes: writesTo(drill, component.name) });
  const reference = looked.map(({ name }) => name).join('\n');
  return {
    atMs,
    position: { content: whole.sha256 },
    tool: `${who}, by a schedule of its own`,
    server: drill.attached.get(component.name)?.server ?? component.name,
    facts: {
      files: looked.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
      followed: {
        ...{ lastWithoutMs: atMs, firstSeenMs: firstMs, wholeMs, settlesMs: options.follow.settles.ms },
        lookEveryMs: lookEveryMs(watch),
      },
    },
    ...(place.keeps ? { kept: { reference, ...whole } } : {}),
  };
}

const stillWritten = ({ who, options }: Watch, name: string): NoRecoveryPoint =>
  new NoRecoveryPoint(`${name} of ${who} was still being written after it had been left alone`, {
    found: `settles: ${options.follow.settles.text}`,
    expected: 'a longer time, in which nothing is written to what is not whole',
  });

interface Part {
  file: Found;
  looked: Looked;
}

/**
 * Whatever becomes of it, what was there when nothing moved is taken note of, and is no sign of the next one;
 * that begins with what moved after that.
 */
async function untilWhole(
  watch: Watch,
  atMs: number,
  context: BackupContext,
): Promise<{ parts: Part[]; firstMs: number; wholeMs: number }> {
  const { own, options, place, who } = watch;
  const { now, signal } = context;
  const firstMs = now();
  let seen: Seen = { atMs: firstMs, news: [], as: '' };
  let quiet: Seen | null = null;
  let still = { as: '', sinceMs: firstMs };
  let bad = null as Refused | null;
  let hasByte = false;
  const most = new Map<string, number>();
  const troubled = untroubled();
  try {
    for (;;) {
      signal.throwIfAborted();
      assertNotBroken(own, context, atMs, who);
      const before = seen;
      seen = (await troubled.unless(() => seenNow(watch, now()))) ?? before;
      if (seen !== before && seen.as === before.as) quiet = seen;
      const left = seen.news.filter(({ path }) => !place.isBegin(path));
      if (place.keeps) assertNotShrunk(watch, most, left);
      if (bad && isBeside(bad.files, left)) throw bad.error;
      if (!hasByte && left.some(({ bytes }) => bytes > 0)) {
        hasByte = true;
        await context.firstByte?.();
      }
      const as = statesOf(left);
      if (as !== still.as) still = { as, sinceMs: seen.atMs };
      else if (isSettled(watch, still.sinceMs, seen.atMs) && bad?.as !== as && place.hasAll(left)) {
        const read = await troubled.unless(() => readAll(watch, left));
        if (read && 'parts' in read) return { parts: read.parts, firstMs, wholeMs: now() };
        if (read) bad = { as, files: left, error: read.error };
      }
      if (now() - firstMs > watch.withinMs)
        throw troubled.by === null
          ? (bad?.error ?? notWhole(watch, left))
          : await place.troubleOf(troubled.by);
      const settlingMs = Math.max(250, options.follow.settles.ms / 4);
      await own.drill.clock.sleep(Math.min(lookEveryMs(watch), settlingMs), signal);
    }
  } finally {
    takenNote(watch, quiet ?? seen, seen);
  }
}

/** An object is put as a whole: a smaller one in its place has lost what the one before it had. */
function assertNotShrunk({ who, place }: Watch, most: Map<string, number>, left: readonly Found[]): void {
  for (const { path, name, bytes } of left) {
    const was = most.get(path) ?? 0;
    if (bytes < was)
      throw new NoRecoveryPoint(`${name} of ${who} shrank while it was looked at`, {
        found: `${bytes} bytes, after ${was}`,
        expected: `an object that stays in ${place.where} as it was put there`,
      });
    most.set(path, bytes);
  }
}

/** What still moves of it was begun before, and is no next one however it ends. */
function takenNote(watch: Watch, quiet: Seen, seen: Seen): void {
  for (const one of quiet.news) note(watch, one);
  const paths = new Set(quiet.news.map(({ path }) => path));
  for (const one of seen.news)
    if (paths.has(one.path) && watch.known.get(one.path) !== one.state && !watch.place.isBegin(one.path)) {
      note(watch, one);
      watch.unsettled.set(one.path, seen.atMs);
    }
  if (quiet.news.length > 0) watch.lastWithoutMs = quiet.atMs;
}

interface Refused {
  as: string;
  files: Found[];
  error: NoRecoveryPoint;
}
/** What was new at one look; `as`: another where anything moved. */
interface Seen {
  atMs: number;
  news: Found[];
  as: string;
}

async function seenNow(watch: Watch, atMs: number): Promise<Seen> {
  const news = await look(watch, atMs);
  return { atMs, news, as: statesOf(news) };
}
const statesOf = (files: readonly Found[]): string =>
  JSON.stringify(files.map(({ path, state }) => [path, state]));
const isSettled = ({ options }: Watch, sinceMs: number, atMs: number): boolean =>
  atMs - sinceMs >= options.follow.settles.ms;

/** They are as they were, and something else is there. */
const isBeside = (bad: readonly Found[], now: readonly Found[]): boolean =>
  now.length > bad.length &&
  bad.every(({ path, state }) => now.some((one) => one.path === path && one.state === state));

const notWhole = ({ who, withinMs, place }: Watch, left: readonly Found[]): NoRecoveryPoint =>
  new NoRecoveryPoint(`what ${who} began was not whole after ${Math.round(withinMs / 1000)} s`, {
    found:
      left.length === 0
        ? 'nothing but what is there while it works'
        : left.map(({ name, bytes }) => `${name}, ${bytes} bytes`).join(', '),
    expected: `a whole one in ${place.where}`,
  });

async function readAll(
  { own, options, place, who }: Watch,
  left: readonly Found[],
): Promise<{ parts: Part[] } | { error: NoRecoveryPoint }> {
  const parts: Part[] = [];
  for (const file of left) {
    assertNoSecret(own, file.name);
    const { looked, bad } = await lookThrough(file.name, place.read(file), own.component.driver.dumps ?? []);
    if (bad !== null) return { error: new NoRecoveryPoint(`${file.name} of ${who} is no backup: ${bad}`) };
    parts.push({ file, looked });
  }
  const bytes = parts.reduce((sum, { looked }) => sum + looked.bytes, 0);
  const { atLeast } = options.produces;
  if (bytes >= atLeast.bytes) return { parts };
  return {
    error: new NoRecoveryPoint(`${who} left less than it must`, {
      found: `${bytes} bytes`,
      expected: `at least ${atLeast.text}`,
    }),
  };
}
