import { environmentError } from '../core/errors.ts';
import { filesOf, newestFirst, takenMs, type RecoveryPoint } from '../core/recovery-point.ts';
import type { PointSpec, Pruned } from '../core/store.ts';
import type { Keep } from '../core/strategy.ts';
import { everyCopy, type Copies } from './copies.ts';
import type { DrillTime } from './drill-time.ts';
import { pointKey, pointPrefix, pointsPrefix, preparedKey, type PointAt } from './layout.ts';
import { readPoints, readSeal, type Source } from './retrieval.ts';

export interface RetentionContext {
  copies: Copies;
  source(store: string): Source;
  time: DrillTime;
  drill: string;
  between(points: readonly string[]): Promise<void>;
}

/**
 * What lies in the stores of one backup: sizes by store and key, and the points that some store shows.
 */
interface Survey {
  objects: Map<string, Map<string, number>>;
  visible: RecoveryPoint[];
}

/**
 * Carries out a retention; see Repository.prune. Files go before `prepared` and after every `point.json`,
 * so that what an interrupted prune leaves behind is always known by its `prepared` (stores/layout.ts).
 */
export async function prune(spec: PointSpec, keep: Keep, context: RetentionContext): Promise<Pruned> {
  const survey = await take(spec, context);
  const own = survey.visible.filter(({ provenance }) => provenance === 'drill').sort(newestFirst);
  const { beyond, spared } = chosen(own, keep, survey, context);
  const half = await halfRemoved(spec, survey, context);
  const points = beyond.map(({ id }) => id);
  for (const point of beyond)
    await everyCopy(context.copies, `removing ${pointKey(point)}`, (store) => store.remove(pointKey(point)));
  if (points.length > 0) await context.between(points);
  const ats: PointAt[] = [...half, ...points].map((id) => ({
    component: spec.component,
    backup: spec.backup,
    id,
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
async function take(
  { component, backup }: PointSpec,
  { copies, source, drill }: RetentionContext,
): Promise<Survey> {
  const objects = new Map<string, Map<string, number>>();
  const visible = new Map<string, RecoveryPoint>();
  for (const [name, store] of copies) {
    objects.set(
      name,
      new Map((await store.list(pointsPrefix(component, backup))).map(({ key, bytes }) => [key, bytes])),
    );
    for (const point of await readPoints(component, backup, source(name), drill))
      visible.set(point.id, point);
  }
  return { objects, visible: [...visible.values()] };
}

/**
 * Which points are beyond what is kept. The newest whole one is never among them, nor is anything when none
 * is whole.
 */
function chosen(
  own: readonly RecoveryPoint[],
  keep: Keep,
  { objects }: Survey,
  { time }: RetentionContext,
): { beyond: RecoveryPoint[]; spared: string | null } {
  const beyond =
    'points' in keep
      ? own.slice(keep.points)
      : own.filter((one) => takenMs(one) < Date.parse(time.utcAt(time.nowMs() - keep.ms)));
  if (beyond.length === 0) return { beyond: [], spared: null };
  const newestWhole = own.find((one) => [...objects.values()].some((there) => isWhole(one, there)));
  if (!newestWhole)
    throw environmentError('no recovery point is whole: none is removed', {
      found: `${own.length} points, each with a file that is missing or too short in every copy`,
      expected: 'one that can be restored',
    });
  const spared = beyond.includes(newestWhole) ? newestWhole.id : null;
  return { beyond: beyond.filter((one) => one !== newestWhole), spared };
}

/** As far as a listing tells: everything is there, with the size that was recorded. */
const isWhole = (point: RecoveryPoint, there: ReadonlyMap<string, number>): boolean =>
  there.has(pointKey(point)) &&
  there.has(preparedKey(point)) &&
  filesOf(point).every(({ key, storedBytes }) => there.get(key) === storedBytes);

const ofPoint = (objects: ReadonlyMap<string, number>, at: PointAt): [string, number][] =>
  [...objects].filter(([key]) => key.startsWith(pointPrefix(at)));

/**
 * Points that were complete once and that no store shows: an interrupted prune. A point being written looks
 * the same for a moment, so it must be older than one of its own drill that is visible, for a schedule makes
 * one after the other. What does not open, because the key is another one, is left alone.
 */
async function halfRemoved(
  { component, backup, encrypt }: PointSpec,
  { objects, visible }: Survey,
  { source }: RetentionContext,
): Promise<string[]> {
  const shown = new Set(visible.map(({ id }) => id));
  const found = new Map<string, string>();
  for (const [store, there] of objects) {
    for (const key of there.keys()) {
      const point = /^points\/[^/]+\/[^/]+\/([^/]+)\/point\.prepared$/.exec(key)?.[1];
      if (point !== undefined && !shown.has(point)) found.set(point, store);
    }
  }
  const half: string[] = [];
  for (const [point, store] of found) {
    const from = source(store);
    const seal = await readSeal({ component, backup, id: point }, from, encrypt ? from.cipher() : null).catch(
      () => null,
    );
    if (seal && visible.some((one) => one.drill === seal.drill && takenMs(one) > takenMs(seal)))
      half.push(point);
  }
  return half.sort();
}

async function removeFiles(at: PointAt, { objects }: Survey, { copies }: RetentionContext): Promise<void> {
  const last = [pointKey(at), preparedKey(at)];
  await everyCopy(copies, `removing the files of ${at.id}`, async (store, name) => {
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
