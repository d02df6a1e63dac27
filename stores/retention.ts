import type { Clock } from '../core/clock.ts';
import { environmentError } from '../core/errors.ts';
import type { Manifest, PointSpec, Pruned } from '../core/store.ts';
import type { Keep } from '../core/strategy.ts';
import { everyCopy, type Copies } from './copies.ts';
import { manifestKey, pointsPrefix, preparedKey } from './layout.ts';
import { readPoints, readSeal, type Source } from './retrieval.ts';

export interface RetentionContext {
  copies: Copies;
  source(store: string): Source;
  clock: Clock;
  originMs: number;
  drill: string;
  between(points: readonly string[]): Promise<void>;
}

/**
 * What lies in the stores of one backup: sizes by store and key, and the points whose manifest some store
 * shows.
 */
interface Survey {
  objects: Map<string, Map<string, number>>;
  visible: Manifest[];
}
type At = { component: string; backup: string; point: string };

/**
 * Carries out a retention; see Repository.prune. Files go before `prepared` and after every `manifest.json`,
 * so that what an interrupted prune leaves behind is always known by its `prepared` (stores/layout.ts).
 */
export async function prune(spec: PointSpec, keep: Keep, context: RetentionContext): Promise<Pruned> {
  const survey = await take(spec, context);
  // Of one drill, by its own clock: the one on the wall may be set back, or forward, meanwhile.
  const own = survey.visible.filter(({ drill }) => drill === context.drill).sort(newestFirst);
  const { beyond, spared } = chosen(own, keep, survey, context);
  const half = await halfRemoved(spec, survey, context);
  const points = beyond.map(({ point }) => point);
  for (const point of beyond)
    await everyCopy(context.copies, `removing ${manifestKey(point)}`, (store) =>
      store.remove(manifestKey(point)),
    );
  if (points.length > 0) await context.between(points);
  const ats: At[] = [...half, ...points].map((point) => ({
    component: spec.component,
    backup: spec.backup,
    point,
  }));
  for (const at of ats) await removeFiles(at, survey, context);
  const removed = ats.flatMap((at) =>
    [...survey.objects.values()].flatMap((objects) => ofPoint(objects, at)),
  );
  return {
    removed: points,
    completed: half,
    spared,
    kept: own.length - points.length,
    objects: removed.length,
    bytes: removed.reduce((sum, [, bytes]) => sum + bytes, 0),
    versionsStayIn: removed.length > 0 ? await keepingVersions(context.copies) : [],
  };
}

/** Every copy must answer: a point that only one of them shows must be seen. */
async function take({ component, backup }: PointSpec, { copies, source }: RetentionContext): Promise<Survey> {
  const objects = new Map<string, Map<string, number>>();
  const visible = new Map<string, Manifest>();
  for (const [name, store] of copies) {
    objects.set(
      name,
      new Map((await store.list(pointsPrefix(component, backup))).map(({ key, bytes }) => [key, bytes])),
    );
    for (const manifest of await readPoints(component, backup, source(name)))
      visible.set(manifest.point, manifest);
  }
  return { objects, visible: [...visible.values()] };
}

const newestFirst = (a: Manifest, b: Manifest): number =>
  b.consistentAtMs - a.consistentAtMs || (a.point < b.point ? 1 : -1);

/**
 * Which points are beyond what is kept. The newest whole one is never among them, nor is anything when none
 * is whole.
 */
function chosen(
  own: readonly Manifest[],
  keep: Keep,
  { objects }: Survey,
  { clock, originMs }: RetentionContext,
): { beyond: Manifest[]; spared: string | null } {
  const beyond =
    'points' in keep
      ? own.slice(keep.points)
      : own.filter((one) => originMs + one.consistentAtMs < clock.nowMs() - keep.ms);
  if (beyond.length === 0) return { beyond: [], spared: null };
  const newestWhole = own.find((one) => [...objects.values()].some((there) => isWhole(one, there)));
  if (!newestWhole)
    throw environmentError('no recovery point is whole: none is removed', {
      found: `${own.length} points, each with a file that is missing or too short in every copy`,
      expected: 'one that can be restored',
    });
  const spared = beyond.includes(newestWhole) ? newestWhole.point : null;
  return { beyond: beyond.filter((one) => one !== newestWhole), spared };
}

/** As far as a listing tells: everything is there, with the size that the manifest says. */
const isWhole = (manifest: Manifest, there: ReadonlyMap<string, number>): boolean =>
  there.has(manifestKey(manifest)) &&
  there.has(preparedKey(manifest)) &&
  manifest.files.every(({ key, storedBytes }) => there.get(key) === storedBytes);

const ofPoint = (objects: ReadonlyMap<string, number>, at: At): [string, number][] =>
  [...objects].filter(([key]) => key.startsWith(prefixOf(at)));
const prefixOf = (at: At): string => manifestKey(at).slice(0, -'manifest.json'.length);

/**
 * Points that were complete once and whose manifest no store shows: an interrupted prune. A point being
 * written looks the same for a moment, so it must be older than one of its own drill that is visible, for a
 * schedule makes one after the other. What does not open, because the key is another one, is left alone.
 */
async function halfRemoved(
  { component, backup, encrypt }: PointSpec,
  { objects, visible }: Survey,
  { source }: RetentionContext,
): Promise<string[]> {
  const shown = new Set(visible.map(({ point }) => point));
  const found = new Map<string, string>();
  for (const [store, there] of objects) {
    for (const key of there.keys()) {
      const point = /^points\/[^/]+\/[^/]+\/([^/]+)\/manifest\.prepared$/.exec(key)?.[1];
      if (point !== undefined && !shown.has(point)) found.set(point, store);
    }
  }
  const half: string[] = [];
  for (const [point, store] of found) {
    const from = source(store);
    const seal = await readSeal({ component, backup, point }, from, encrypt ? from.cipher() : null).catch(
      () => null,
    );
    if (seal && visible.some((one) => one.drill === seal.drill && one.consistentAtMs > seal.consistentAtMs))
      half.push(point);
  }
  return half.sort();
}

async function removeFiles(at: At, { objects }: Survey, { copies }: RetentionContext): Promise<void> {
  const last = [manifestKey(at), preparedKey(at)];
  await everyCopy(copies, `removing the files of ${at.point}`, async (store, name) => {
    for (const [key] of ofPoint(objects.get(name)!, at)) if (!last.includes(key)) await store.remove(key);
  });
  await everyCopy(copies, `removing ${preparedKey(at)}`, (store) => store.remove(preparedKey(at)));
}

async function keepingVersions(copies: Copies): Promise<string[]> {
  const answers = await Promise.all(
    [...copies].map(async ([name, store]) => ((await store.keepsVersions?.()) ? name : null)),
  );
  return answers.filter((name) => name !== null);
}
