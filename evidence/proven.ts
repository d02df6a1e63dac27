import type { Evidence } from '../core/measure.ts';
import { procedureOf } from '../core/procedures.ts';
import type { DrillResult } from '../core/result.ts';
import { existingComponents, logTakenBy, pointTakenBy, stepsOf } from '../core/steps/index.ts';
import { eventsOf } from '../core/timeline.ts';
import { putBackBy } from '../measures/put-back.ts';
import { heldWhenEmpty } from '../measures/restored.ts';
import type { Judged } from './bundle.ts';

/** That a backup was restored, and that what came back was right. */
export interface Proof {
  /**
   * `component.backup`; of those that other tools made `component.existing`, or `component, by --from` of all
   * whose place the command line said: each night's dump has a name of its own, and is tested once.
   */
  backup: string;
  /** Of one that other tools made: the file, as it lay there. */
  file: { name: string; sha256: string } | null;
  /** UTC: when a recovery point was taken; null of what other tools made, and where nothing says so. */
  takenAt: string | null;
  strategy: string;
  drill: string;
  scenario: string;
  /** UTC: when the drill that shows it was over. */
  provenUtc: string;
  /** From the fault, or in a restore test from the first byte fetched, until what was there was right. */
  tookMs: number | null;
  checks: string[];
  /** Those of them of which no run of Muster's own tests shows that they can fail. */
  noKnownBad: string[];
}

/** What a strategy declares, as a drill recorded it: what could have been proven. */
export interface DeclaredBackup {
  backup: string;
  strategy: string;
}

/**
 * What the bundle of one drill proves. Nothing, unless it is whole, ran to its end, and passed: a drill that
 * restored well and missed an objective, or left something unmeasured, is none that anybody should rest on.
 * And of a backup nothing, where what it brought back was held against nothing.
 */
export function proofsIn({ result, evidence, damage }: Judged): Proof[] {
  if (damage !== null || result.outcome !== 'completed' || result.verdict !== 'pass') return [];
  const restored =
    procedureOf(evidence.events) === 'drill'
      ? null
      : (result.findings.find(({ id, verdict }) => id === 'restored' && verdict === 'pass') ?? null);
  return [...backupsRestored(evidence)].flatMap(([component, backups]) => {
    const checks = heldAgainst(component, result, evidence);
    if (checks.length === 0) return [];
    return backups.map((one) => ({
      ...one,
      strategy: result.strategy,
      drill: result.drill,
      scenario: result.scenario,
      provenUtc: endOf(result),
      tookMs: restored ? restored.actual : result.time.rtaMs,
      checks,
      noKnownBad: checks.filter((name) =>
        result.checks.some(({ check, knownBad }) => check === name && knownBad === null),
      ),
    }));
  });
}

const endOf = ({ begunUtc, durationMs }: DrillResult): string =>
  new Date(Date.parse(begunUtc) + durationMs).toISOString();

/** That a drill tried to restore a backup, and did not pass. */
export interface Tried {
  backup: string;
  strategy: string;
  drill: string;
  /** UTC: when it was over. */
  utc: string;
  verdict: 'fail' | 'inconclusive';
  /** The place that the command line said; null where it said none. */
  from: string | null;
  /** The first finding that says so, in words. */
  why: string;
}

/** What a bundle says against backups: nothing, where its drill passed, is not whole, or was ended. */
export function triedIn({ result, evidence, damage }: Judged): Tried[] {
  const { verdict, outcome, strategy, drill, findings } = result;
  if (damage !== null || verdict === 'pass' || outcome === 'interrupted') return [];
  const first = findings.find((one) => one.verdict === verdict);
  const why = first ? `${first.title}: ${first.detail}` : (result.error ?? verdict);
  const elsewhere = elsewhereIn(evidence);
  return backupsTried(evidence).map((backup) => ({
    ...{ backup, strategy, drill, utc: endOf(result), verdict, why },
    from: elsewhere?.backup === backup ? elsewhere.from : null,
  }));
}

/** Those that a step which was begun should have put back, whatever came of it. */
function backupsTried(evidence: Evidence): string[] {
  const { events, scenario, strategy } = evidence;
  const steps = stepsOf(scenario);
  const named = eventsOf(events, 'point.fetched', 'log.fetched', 'copy.refused');
  const tried = eventsOf(events, 'step.begun').flatMap(({ data: { id, step: place } }) => {
    const step = steps[place];
    if (!step) return [];
    const said = named.filter(({ data }) => data.of === id).map(({ data }) => data.backup);
    const [point, log] = [pointTakenBy(step), logTakenBy(step)];
    const existing = existingComponents({ recover: [step] }).map((one) => existingOf(one, evidence));
    if (said.length > 0 || !point) return [...said, ...(log ? [log.backup] : []), ...existing];
    const { component, backup } = point;
    // Where the step does not say which, it is the one that has an interval.
    return Object.entries(strategy.components[component]?.backups ?? {})
      .filter(([name, { every }]) => (backup === null ? every !== undefined : name === backup))
      .map(([name]) => `${component}.${name}`);
  });
  return [...new Set(tried)];
}

/**
 * What was found right of the component: by the ledger of its clients, or of those of a service that keeps
 * nothing by itself, by its own checks and by the user's, which are of no component.
 */
function heldAgainst(component: string, result: DrillResult, { strategy, events }: Evidence): string[] {
  const keepsNothing = (one: string): boolean =>
    Object.keys(strategy.components[one]?.backups ?? {}).length === 0;
  const ledger = result.loads.some(
    ({ target, volatile, classes }) =>
      classes !== null && !volatile && (target === component || keepsNothing(target)),
  );
  const anyway = heldWhenEmpty(events);
  const passed = result.checks.filter(
    ({ verdict, component: of, check }) =>
      check !== 'ledger' &&
      verdict === 'pass' &&
      (of === component || (of === null && !anyway.includes(check))),
  );
  return [...(ledger ? ['ledger'] : []), ...new Set(passed.map(({ check }) => check))];
}

type Restored = Pick<Proof, 'backup' | 'file' | 'takenAt'>;

/**
 * By component, by steps that ended well: what was restored last, and the logs that were replayed on that.
 * What a later step restored over is not there any more. What another copy had to be taken for is proven by
 * that one.
 */
function backupsRestored(evidence: Evidence): Map<string, Restored[]> {
  const { events } = evidence;
  const well = new Set(eventsOf(events, 'step.ended').flatMap(({ data }) => (data.ok ? [data.id] : [])));
  const found = new Map<string, Restored[]>();
  for (const event of eventsOf(events, 'point.fetched', 'log.fetched', 'existing.restored')) {
    if (!well.has(event.data.of)) continue;
    if (event.type === 'existing.restored') {
      const { component, name, sha256 } = event.data;
      found.set(component, [
        { backup: existingOf(component, evidence), file: { name, sha256 }, takenAt: null },
      ]);
      continue;
    }
    const { backup } = event.data;
    const component = backup.split('.')[0]!;
    if (event.type === 'point.fetched') {
      const takenAt = event.data.takenAt ?? null;
      found.set(component, putBackBy(evidence, event).shown ? [{ backup, file: null, takenAt }] : []);
    }
    // On what was not shown to be restored, a log shows nothing either.
    else if (found.get(component)?.length !== 0) {
      const there = found.get(component) ?? [];
      if (!there.some((one) => one.backup === backup))
        found.set(component, [...there, { backup, file: null, takenAt: null }]);
    }
  }
  return found;
}

/** Backups that the strategy of a drill declares, as it stood then. */
export const declaredIn = ({ result, evidence }: Judged): DeclaredBackup[] =>
  Object.entries(evidence.strategy.components).flatMap(([component, { backups, existing }]) =>
    [
      ...Object.keys(backups).map((name) => `${component}.${name}`),
      ...(existing && !isElsewhere(component, evidence) ? [`${component}.existing`] : []),
    ].map((backup) => ({ backup, strategy: result.strategy })),
  );

/** A file of the command line's is none of those that the strategy declares. */
const existingOf = (component: string, evidence: Evidence): string =>
  isElsewhere(component, evidence) ? byFrom(component) : `${component}.existing`;

const byFrom = (component: string): string => `${component}, by --from`;

/** What the command line said in the place of what the strategy declares. */
function elsewhereIn(evidence: Evidence): { backup: string; from: string | null } | null {
  const { components } = evidence.strategy;
  const component = Object.keys(components).find((one) => isElsewhere(one, evidence));
  return component === undefined
    ? null
    : { backup: byFrom(component), from: components[component]!.existing?.from ?? null };
}

const isElsewhere = (component: string, { scenario: { recover } }: Evidence): boolean =>
  recover !== 'automatic' &&
  recover.some((step) => 'restoreExisting' in step && step.restoreExisting === component && step.elsewhere);

/** That a check can fail: it did, in a drill that is whole and ran to its end. */
export interface SeenToFail {
  check: string;
  strategy: string;
  drill: string;
}

export const failuresIn = ({ result, damage }: Judged): SeenToFail[] =>
  damage !== null || result.outcome !== 'completed'
    ? []
    : result.checks
        .filter(({ verdict }) => verdict === 'fail')
        .map(({ check }) => ({ check, strategy: result.strategy, drill: result.drill }));
