import { procedureOf } from '../core/procedures.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import type { Judged } from './bundle.ts';

/** That a backup was restored, and that what came back was right. */
export interface Proof {
  /** `component.backup`; `component.existing` of one that other tools made. */
  backup: string;
  strategy: string;
  drill: string;
  scenario: string;
  /** UTC: when the drill that shows it was over. */
  provenUtc: string;
  /** From the fault, or in a restore test from the first byte fetched, until what was there was right. */
  tookMs: number | null;
  checks: string[];
}

/** What a strategy declares, as a drill recorded it: what could have been proven. */
export interface DeclaredBackup {
  backup: string;
  strategy: string;
}

/**
 * What the bundle of one drill proves. Nothing, unless it is whole, ran to its end, and passed: a drill that
 * restored well and missed an objective, or left something unmeasured, is none that anybody should rest on.
 */
export function proofsIn({ result, evidence, damage }: Judged): Proof[] {
  if (damage !== null || result.outcome !== 'completed' || result.verdict !== 'pass') return [];
  const { events } = evidence;
  const restored =
    procedureOf(events) === 'drill'
      ? null
      : (result.findings.find(({ id, verdict }) => id === 'restored' && verdict === 'pass') ?? null);
  const checks = result.checks.filter(({ verdict }) => verdict === 'pass').map(({ check }) => check);
  const ledger = result.loads.some(({ classes }) => classes !== null) ? ['ledger'] : [];
  return backupsRestored(events).map((backup) => ({
    backup,
    strategy: result.strategy,
    drill: result.drill,
    scenario: result.scenario,
    provenUtc: new Date(Date.parse(result.begunUtc) + result.durationMs).toISOString(),
    tookMs: restored ? restored.actual : result.time.rtaMs,
    checks: [...ledger, ...new Set(checks)],
  }));
}

/** Of steps that ended well. What another copy had to be taken for is proven by that one. */
function backupsRestored(events: readonly TimelineEvent[]): string[] {
  const well = new Set(eventsOf(events, 'step.ended').flatMap(({ data }) => (data.ok ? [data.id] : [])));
  const fetched = [...eventsOf(events, 'point.fetched'), ...eventsOf(events, 'log.fetched')];
  return [
    ...new Set([
      ...fetched.filter(({ data }) => well.has(data.of)).map(({ data }) => data.backup),
      ...eventsOf(events, 'existing.restored')
        .filter(({ data }) => well.has(data.of))
        .map(({ data }) => `${data.component}.existing`),
    ]),
  ];
}

/** Backups that the strategy of a drill declares, as it stood then. */
export const declaredIn = ({ result, evidence: { strategy } }: Judged): DeclaredBackup[] =>
  Object.entries(strategy.components).flatMap(([component, { backups }]) =>
    Object.keys(backups).map((name) => ({ backup: `${component}.${name}`, strategy: result.strategy })),
  );
