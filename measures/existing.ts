import { declaresAnything } from '../core/existing-plan.ts';
import type { Evidence, Measure } from '../core/measure.ts';
import { existingComponents } from '../core/steps/index.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { formatBytes } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { finding, plural, weights } from './finding.ts';

type Examined = TimelineEvent<'existing.examined'>;

const told = ({ data }: Examined): string => `${data.name}: ${data.why}`;

/** Which one was restored, and what was passed over; one that was refused is a broken backup. */
function taken({ events }: Evidence, component: string): Finding {
  const restored = eventsOf(events, 'existing.restored').find(({ data }) => data.component === component);
  const examined = eventsOf(events, 'existing.examined').filter(({ data }) => data.component === component);
  const refused = examined.filter(({ data }) => data.outcome === 'refused');
  const passedOver = examined.filter(({ data }) => data.outcome === 'passed-over');
  const common = {
    id: `existing/${component}`,
    title: `The backup of ${component} that is looked at first is one that can be restored`,
    gate: true,
    weight: weights.check,
    unit: 'count' as const,
    objective: 0,
    actual: refused.length,
    evidence: [...examined, ...(restored ? [restored] : [])].map(({ seq }) => seq).sort((a, b) => a - b),
  };
  const besides =
    passedOver.length > 0
      ? ` ${plural(passedOver.length, 'candidate')} passed over: ${passedOver.map(told).join('; ')}.`
      : '';
  const was = restored ? whatItWas(restored) : 'None was restored.';
  if (refused.length > 0)
    return finding({
      ...common,
      verdict: 'fail',
      detail: `A broken backup was found: ${refused.map(told).join('; ')}. ${was}${besides}`,
    });
  return finding({ ...common, verdict: restored ? 'pass' : 'fail', detail: `${was}${besides}` });
}

function whatItWas({ data }: TimelineEvent<'existing.restored'>): string {
  const { name, bytes, sha256, layers, format, order, madeAt, madeBy, madeOn, database } = data;
  const made = [
    ...(madeBy ? [`by ${madeBy}`] : []),
    ...(madeOn ? [`on ${madeOn}`] : []),
    ...(database ? [`of database ${database}`] : []),
    ...(madeAt ? [`at ${madeAt}`] : []),
  ];
  const says = made.length > 0 ? ` It says of itself that it was made ${made.join(', ')}.` : '';
  return `${name} was restored (${order}): ${formatBytes(bytes)}, SHA-256 ${sha256}, ${[...layers, format].join(' of ')}.${says}`;
}

/** A backup may be whole, and of last year. */
function freshness({ strategy, events }: Evidence, component: string): Finding[] {
  const existing = strategy.components[component]?.existing;
  if (!existing || existing.expect.newest) return [];
  const restored = eventsOf(events, 'existing.restored').find(({ data }) => data.component === component);
  return [
    finding({
      id: `existing/${component}/freshness`,
      title: `How old what is in the backup of ${component} is, is known`,
      gate: true,
      weight: weights.check,
      verdict: 'inconclusive',
      detail: `Nothing declared says how old its data may be${declaresAnything(existing) ? '' : ', nor what it must hold'}: add expect: { newest: { table: …, column: …, within: 26h } }, or a query, in the strategy (--newest and --within on the command line). When a file was written says nothing of what is in it.`,
      evidence: restored ? [restored.seq] : [],
    }),
  ];
}

/** What has no end of its own may have been cut off anywhere; only what it should be like tells. */
function whole({ strategy, events }: Evidence, component: string): Finding[] {
  const restored = eventsOf(events, 'existing.restored').find(({ data }) => data.component === component);
  const known = strategy.components[component]?.existing?.expect.fingerprint !== undefined;
  if (!restored || restored.data.whole || known) return [];
  return [
    finding({
      id: `existing/${component}/whole`,
      title: `The backup of ${component} is whole`,
      gate: true,
      weight: weights.check,
      verdict: 'inconclusive',
      detail: `Nothing shows that ${restored.data.name} is all of it: its tool writes no mark at the end (as mysqldump --compact does), and a part would load as well. Have the tool write its comments, or add expect: { fingerprint: … } of muster fingerprint.`,
      evidence: [restored.seq],
    }),
  ];
}

export const existing: Measure = {
  about: 'A backup that other tools made was restored, which one, and whether how old its data is was asked',
  judge: (evidence) =>
    [...new Set(existingComponents(evidence.scenario))].flatMap((component) => [
      taken(evidence, component),
      ...whole(evidence, component),
      ...freshness(evidence, component),
    ]),
};
