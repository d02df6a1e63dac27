import type { Evidence, Measure } from '../core/measure.ts';
import { procedureOf } from '../core/procedures.ts';
import { pointTakenBy, stepsOf } from '../core/steps/index.ts';
import type { PointTaken } from '../core/steps/step.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import type { Finding } from '../core/verdict.ts';
import { finding, plural } from './finding.ts';
import { olderThanPoint } from './older-than-point.ts';
import { putBackBy } from './put-back.ts';

/**
 * Why a step's recovery point proves nothing; null where it was the newest that the timeline saw become
 * durable in the store that it came from.
 */
function doubtOf(
  evidence: Evidence,
  asked: PointTaken,
  fetched: TimelineEvent<'point.fetched'>,
): Pick<Finding, 'verdict' | 'detail'> | null {
  const { events } = evidence;
  const { seq, data } = fetched;
  const told = `${data.point} was restored from ${data.store}`;
  const isExternal = data.provenance === 'external';
  if (isExternal && procedureOf(events) !== 'drill')
    return { verdict: 'pass', detail: `${told}: drill ${data.drill} had made it.` };
  if (isExternal)
    return {
      verdict: 'inconclusive',
      detail: `${told}, as the step asks: drill ${data.drill} made it, and this one did not see it become durable. It shows that it can be restored, not that this strategy makes such points.`,
    };
  const durable = eventsOf(events, 'backup.durable').find(
    (event) => event.data.backup === data.backup && event.data.point === data.point && event.seq < seq,
  );
  if (!durable)
    return { verdict: 'fail', detail: `${told}, and the timeline did not see it become durable.` };
  if (durable.data.digest !== data.digest)
    return { verdict: 'fail', detail: `${told}, and it is not as it became durable: its digest is another.` };
  if (!durable.data.copies.includes(data.store))
    return {
      verdict: 'fail',
      detail: `${told}, where it had not become durable: only in ${durable.data.copies.join(', ')}.`,
    };
  const newer = missing(evidence, asked, fetched, durable);
  if (newer)
    return {
      verdict: 'fail',
      detail: `${told}, though ${newer} had become durable there after it: a recovery point is gone, and this drill had neither removed it nor broken that store.`,
    };
  return null;
}

/**
 * A newer point than the one that was taken, which should have been there: durable in that store by then,
 * from before the fault, and not pruned.
 */
function missing(
  evidence: Evidence,
  asked: PointTaken,
  { seq, data }: TimelineEvent<'point.fetched'>,
  taken: TimelineEvent<'backup.durable'>,
): string | null {
  const { events } = evidence;
  if (before(brokenByUs(evidence, data.store), seq)) return null;
  const broken = eventsOf(events, 'fault.begun').filter(
    (one) => one.data.on !== 'store' && !one.data.beforehand,
  );
  const fault = broken.find((one) => one.data.target === asked.component) ?? broken[0];
  const untilMs = asked.which === 'newest' ? Infinity : (fault?.atMs ?? -Infinity);
  const pruned = new Set(
    eventsOf(events, 'prune.ended')
      .filter((one) => one.seq < seq && one.data.backup === data.backup)
      .flatMap((one) => [...one.data.removed, ...one.data.completed]),
  );
  const newest = eventsOf(events, 'backup.durable')
    .filter((one) => one.seq < seq && one.data.backup === data.backup && one.data.copies.includes(data.store))
    .filter(
      (one) =>
        one.data.consistentAtMs > taken.data.consistentAtMs &&
        one.data.consistentAtMs <= untilMs &&
        !pruned.has(one.data.point),
    )
    .at(-1);
  return newest?.data.point ?? null;
}

/** What each restore that succeeded took. */
function judgeRestored(evidence: Evidence): Finding[] {
  const { events, scenario } = evidence;
  const steps = stepsOf(scenario);
  const fetched = eventsOf(events, 'point.fetched');
  return eventsOf(events, 'step.ended').flatMap((ended) => {
    const step = steps[ended.data.step];
    const point = step && pointTakenBy(step);
    if (!ended.data.ok || !point) return [];
    const taken = fetched.findLast(({ data }) => data.of === ended.data.id);
    const common = {
      id: `copies/restored/${point.component}`,
      title: `What ${point.component} was restored from had become durable`,
      gate: true,
    };
    if (!taken)
      return [
        finding({
          ...common,
          verdict: 'inconclusive',
          detail: 'Which recovery point was restored is not on the timeline.',
          evidence: [ended.seq],
        }),
      ];
    const durable = eventsOf(events, 'backup.durable').find(
      ({ data }) => data.backup === taken.data.backup && data.point === taken.data.point,
    );
    const proof = [...(durable ? [durable.seq] : []), taken.seq, ended.seq];
    const kept =
      durable?.data.payload === 'external'
        ? ' Its content lies where its method keeps it, and in no store.'
        : '';
    const good = {
      verdict: 'pass' as const,
      detail: `${taken.data.point} from ${taken.data.store}, which this drill made and saw become durable.${kept}`,
    };
    const put = putBackBy(evidence, taken);
    const doubt = put.shown
      ? good
      : {
          verdict: 'inconclusive' as const,
          detail: `${taken.data.point} from ${taken.data.store} was given to a script of your own, and nothing shows that it put it back: ${put.why}.`,
        };
    const older = olderThanPoint(evidence, taken, ended.data.step);
    const wrong =
      older === null
        ? null
        : {
            verdict: 'fail' as const,
            detail: `${taken.data.point} from ${taken.data.store} was restored, and ${older}.`,
          };
    return [finding({ ...common, ...(doubtOf(evidence, point, taken) ?? wrong ?? doubt), evidence: proof })];
  });
}

/**
 * When this drill itself first broke a store: the store, the service that it lives in or is reached through,
 * or its region. Null when it never did.
 */
function brokenByUs({ events, strategy }: Evidence, store: string): TimelineEvent | null {
  const declared = strategy.stores[store];
  const service = declared?.['service'];
  const isItsService = (target: string): boolean => {
    const one = strategy.components[target];
    return (
      service !== undefined &&
      one !== undefined &&
      ((one.service ?? target) === service || one.clients?.service === service)
    );
  };
  const ours = (event: TimelineEvent): boolean => {
    if (event.type === 'region.lost') return event.data.stores.includes(store);
    if (event.type !== 'fault.begun') return false;
    const { on, target, everyStore } = event.data;
    return on === 'store'
      ? target === store || everyStore === true
      : on === undefined && isItsService(target);
  };
  return events.find(ours) ?? null;
}

const before = (event: TimelineEvent | null, seq: number): TimelineEvent | null =>
  event !== null && event.seq < seq ? event : null;

/**
 * A copy that a store refused with nothing of ours in the way is a broken backup, whatever the next store
 * gave.
 */
function judgeRefused(evidence: Evidence): Finding[] {
  const refused = eventsOf(evidence.events, 'copy.refused');
  return [...new Set(refused.map(({ data }) => data.store))].map((store) => {
    const here = refused.filter(({ data }) => data.store === store);
    const broken = brokenByUs(evidence, store);
    const causes = here.map(({ seq }) => before(broken, seq));
    const unexplained = here.filter((_, i) => causes[i] === null);
    const common = {
      id: `copies/${store}`,
      title: `${store} gave what it was asked for, or had been broken by this drill`,
      unit: 'count' as const,
      objective: 0,
      gate: true,
    };
    const seqs = [...here, ...causes.flatMap((cause) => cause ?? [])].map(({ seq }) => seq);
    const told = (one: TimelineEvent<'copy.refused'>): string =>
      `${one.data.point ?? one.data.backup}: ${one.data.error}`;
    const proof = [...new Set(seqs)].sort((a, b) => a - b);
    if (unexplained.length === 0)
      return finding({
        ...common,
        verdict: 'pass',
        actual: 0,
        detail: `It refused ${plural(here.length, 'time')}, as it had been broken on purpose (${told(here[0]!)}).`,
        evidence: proof,
      });
    return finding({
      ...common,
      verdict: 'fail',
      actual: unexplained.length,
      detail: `A broken backup was found: it refused, and this drill had not broken it (${told(unexplained[0]!)}).`,
      evidence: proof,
    });
  });
}

export const copies: Measure = {
  about:
    'What was restored had become durable in this drill and is there, and no copy was refused that the drill had not broken itself',
  judge: (evidence) => [...judgeRestored(evidence), ...judgeRefused(evidence)],
};
