import type { DrillResult } from '../core/result.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import {
  countText,
  durationText,
  figureText,
  isFinished,
  notMeasured,
  plural,
  resolutionText,
  timeScaleText,
} from './words.ts';

export interface Figure {
  name: string;
  value: string;
  basis: string;
}
type Load = DrillResult['loads'][number];

/** Loss of one load in words; null where nothing was read back. */
export function lossText(load: Load): string {
  if (load.classes === null) return notMeasured;
  const lost = load.classes.lost + load.classes.stale;
  const parts = [`${formatCount(lost)} of ${countText(load.acknowledged)} acknowledged`];
  if (lost > 0)
    parts.push(
      `${countText(load.lostBeforeFault)} before the fault, ${countText(load.lostAfterFault)} after`,
    );
  if (load.holes === null || load.holes > 0)
    parts.push(load.holes === null ? `holes ${notMeasured}` : plural(load.holes, 'hole'));
  if (load.volatile) parts.push('declared: counted, not held against the RPO');
  return parts.join('; ');
}

const neverAllowed = [
  'lost-after-recovery',
  'phantom',
  'resurrected',
  'corrupt',
  'duplicated',
  'torn',
] as const;
const countWrong = (load: Load): number | null =>
  load.classes === null ? null : neverAllowed.reduce((total, name) => total + load.classes![name], 0);

/** What no RPO allows: data that is wrong, by class. */
export function neverAllowedText(load: Load): string {
  const { classes } = load;
  if (classes === null) return `wrong data ${notMeasured}`;
  return countWrong(load) === 0
    ? 'no wrong data'
    : neverAllowed
        .filter((name) => classes[name] > 0)
        .map((name) => `${name.replaceAll('-', ' ')} ${formatCount(classes[name])}`)
        .join(', ');
}

const total = (counts: (number | null)[]): number | null =>
  counts.length === 0 || counts.includes(null)
    ? null
    : (counts as number[]).reduce((sum, count) => sum + count, 0);

/**
 * How long, how much, how right: the four facts that a reader looks for first. Losses that a scenario
 * declares are left out here and stand with their load; one load that was not read back leaves the sum
 * unknown.
 */
/** What a load's data came to, for a row of a table; of one that kept none only how it was judged. */
export const dataTexts = (load: Load): { lost: string; neverAllowed: string } =>
  load.kind === 'data'
    ? { lost: lossText(load), neverAllowed: neverAllowedText(load) }
    : { lost: 'keeps no records', neverAllowed: '–' };

/** How the operations of a load ended, as its clients saw them. */
export const operationsText = ({ right, failed, wrong, unknown }: Load): string =>
  Object.entries({ right, failed, wrong, unknown })
    .map(([how, count]) => `${countText(count)} ${how}`)
    .join(', ');

/** What a drill is known by, in the order in which reports say it; each is plain text. */
export const identityTexts = (result: DrillResult): string[] => [
  result.scenario,
  `drill ${result.drill}`,
  result.begunUtc,
  formatDuration(result.durationMs),
  timeScaleText(result.timeScale),
  ...(isFinished(result) ? [] : [result.outcome]),
];

export function headline(result: DrillResult): { rta: string; rpa: string; lost: string; wrong: string } {
  const loads = result.loads.filter((load) => load.kind === 'data' && !load.volatile);
  const lost = total(
    loads.map((load) => (load.classes === null ? null : load.classes.lost + load.classes.stale)),
  );
  const acknowledged = total(loads.map((load) => load.acknowledged));
  const wrong = total(loads.map(countWrong));
  const holes = total(loads.map((load) => load.holes));
  return {
    rta: durationText(result.time.rtaMs),
    rpa: durationText(result.data.rpaMs),
    lost:
      lost === null ? notMeasured : `${formatCount(lost)} of ${countText(acknowledged)} acknowledged writes`,
    wrong:
      wrong === null
        ? notMeasured
        : `${formatCount(wrong)} wrong, ${holes === null ? `holes ${notMeasured}` : plural(holes, 'hole')}`,
  };
}

const lossFigures = (result: DrillResult): Figure[] =>
  result.loads
    .filter((load) => load.kind === 'data')
    .map((load) => ({
      name: `Lost writes, ${load.load}`,
      value: lossText(load),
      basis: `ledger against what was read back${load.classes === null ? '' : ': measured'}`,
    }));

/**
 * The figures of a drill with how each came to be. RTO and RPO are words for what was promised; what was
 * measured is RTA and RPA.
 */
export function keyFigures(result: DrillResult): Figure[] {
  const { time, data } = result;
  const resolution = resolutionText(time.resolutionMs);
  /** What was not measured has no basis: only what it would have been is said. */
  const figure = (name: string, ms: number | null, means: string, basis: string): Figure => ({
    name,
    value: durationText(ms),
    basis: ms === null ? means : `${means}: ${basis}`,
  });
  const stated = (name: string, ms: number | null, means: string): Figure => ({
    name,
    value: ms === null ? 'not declared' : formatDuration(ms),
    basis: means,
  });
  return [
    figure('RTA, recovery time actual', time.rtaMs, 'fault to correct', `measured, ${resolution}`),
    stated('Detection, worst case', time.derivedDetectionMs, 'derived from how the strategy detects'),
    stated('People', time.declaredPeopleMs, 'declared in the strategy'),
    ...(time.madeReadyMs === undefined
      ? []
      : [stated('Ready before', time.madeReadyMs, 'what a restore began with, measured when it was made')]),
    figure('Worst-case RTA', time.worstRtaMs, 'RTA and all that is added', 'measured + derived + declared'),
    figure('Outage', time.outageMs, 'first failure to correct', `measured, ${resolution}`),
    figure('Restore only (not RTO)', time.restoreOnlyMs, 'restore and replay alone', 'measured'),
    figure(
      'RPA, recovery point actual',
      data.rpaMs,
      'window of acknowledged writes that are gone',
      `measured, at most ${durationText(data.rpaAtMostMs)}`,
    ),
    figure(
      'Worst-case RPA',
      data.worstRpaMs,
      'what the schedule can lose',
      'interval declared, durability measured',
    ),
    ...lossFigures(result),
    figure(
      'Unavailable to clients',
      result.unavailableSeconds === null ? null : result.unavailableSeconds * 1000,
      'seconds with a failed operation or none',
      'measured, in whole seconds',
    ),
    ...(result.errorBudget
      ? [
          {
            name: 'Error budget burnt',
            value: figureText(result.errorBudget.worstBurnt, 'ratio'),
            basis: result.errorBudget.detail,
          },
        ]
      : []),
  ];
}
