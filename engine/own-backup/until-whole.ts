import type { BackupContext } from '../../core/backup.ts';
import { NoRecoveryPoint } from '../../core/errors.ts';
import { assertNotBroken } from './backup.ts';
import { lookThrough, type Looked } from './digest.ts';
import type { Found } from './ground.ts';
import { assertNoSecret } from './place.ts';
import { look, lookEveryMs, note, untroubled, type Watch } from './watch.ts';

interface Part {
  file: Found;
  looked: Looked;
}

/**
 * Whatever becomes of it, what was there when nothing moved is taken note of, and is no sign of the next one;
 * that begins with what moved after that. While no file of this one changes any more, what is there while a
 * sidecar works is of the next one where it appears or changes.
 */
export async function untilWhole(
  watch: Watch,
  atMs: number,
  context: BackupContext,
): Promise<{ parts: Part[]; firstMs: number; wholeMs: number }> {
  const { own, options, place, who } = watch;
  const { now, signal } = context;
  const firstMs = now();
  const looks = untilNow(firstMs);
  let bad = null as Refused | null;
  let hasByte = false;
  const most = new Map<string, number>();
  const troubled = untroubled();
  try {
    for (;;) {
      signal.throwIfAborted();
      assertNotBroken(own, context, atMs, who);
      const next = await troubled.unless(() => seenNow(watch, now()));
      if (next) takeLook(looks, next, place);
      const { left, still, seen } = looks;
      if (place.keeps) assertNotShrunk(watch, most, left);
      if (bad && isBeside(bad.files, left)) throw bad.error;
      if (!hasByte && left.some(({ bytes }) => bytes > 0)) {
        hasByte = true;
        await context.firstByte?.();
      }
      if (isSettled(watch, still.sinceMs, seen.atMs) && bad?.as !== still.as && place.hasAll(left)) {
        const read = await troubled.unless(() => readAll(watch, left));
        if (read && 'parts' in read) return { parts: read.parts, firstMs, wholeMs: now() };
        if (read) bad = { as: still.as, files: left, error: read.error };
      }
      if (now() - firstMs > watch.withinMs)
        throw troubled.by === null
          ? (bad?.error ?? notWhole(watch, left))
          : await place.troubleOf(troubled.by);
      const settlingMs = Math.max(250, options.follow.settles.ms / 4);
      await own.drill.clock.sleep(Math.min(lookEveryMs(watch), settlingMs), signal);
    }
  } finally {
    takenNote(watch, looks.quiet ?? looks.own, looks.seen);
  }
}

/** What the looks at one that comes have shown. */
interface Looks {
  seen: Seen;
  /** What it left, by the last look. */
  left: Found[];
  /** The last look without anything of the next one; and the last of these at which nothing had moved. */
  own: Seen;
  quiet: Seen | null;
  /** Since when its files are as they are, and what was there beside them then, while the sidecar worked. */
  still: { as: string; sinceMs: number; begins: ReadonlySet<string> };
}

function untilNow(atMs: number): Looks {
  const seen: Seen = { atMs, news: [], as: '' };
  return { seen, left: [], own: seen, quiet: null, still: { as: '', sinceMs: atMs, begins: new Set() } };
}

function takeLook(looks: Looks, seen: Seen, place: Watch['place']): void {
  const hasMoved = seen.as !== looks.seen.as;
  const begins = seen.news.filter(({ path }) => place.isBegin(path)).map(statedAs);
  looks.seen = seen;
  looks.left = seen.news.filter(({ path }) => !place.isBegin(path));
  const as = statesOf(looks.left);
  if (as !== looks.still.as || !place.hasAll(looks.left)) {
    const sinceMs = as === looks.still.as ? looks.still.sinceMs : seen.atMs;
    looks.still = { as, sinceMs, begins: new Set(begins) };
  }
  if (!begins.every((one) => looks.still.begins.has(one))) return;
  looks.own = seen;
  if (!hasMoved) looks.quiet = seen;
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
const statedAs = ({ path, state }: Found): string => JSON.stringify([path, state]);
const statesOf = (files: readonly Found[]): string => JSON.stringify(files.map(statedAs));
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
