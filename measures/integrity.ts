import type { DataAnalysis, DataClass, LoadAnalysis } from '../core/analysis.ts';
import type { Evidence, Measure } from '../core/measure.ts';
import { formatCount } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { finding, plural, seqsOf, weights, writesLeast } from './finding.ts';

/** A class of which there may be none, and what must have been there for a zero to mean something. */
interface Rule {
  name: DataClass | 'hole';
  title: string;
  found: string;
  /**
   * What was examined, for a person; null when the question was never put: then there is no finding, and a
   * line among the limitations.
   */
  exercised(data: DataAnalysis, load: LoadAnalysis): string | null;
}

const values = (data: DataAnalysis): string | null =>
  data.readBack > 0 ? `${formatCount(data.readBack)} values read back` : null;

export const rules: readonly Rule[] = [
  {
    name: 'lost-after-recovery',
    title: 'nothing lost after the recovery',
    found: 'ids whose write or removal was acknowledged when the recovery was over, and did not stay',
    exercised: (data) =>
      data.acknowledgedAfterRecovery > 0
        ? `${plural(data.acknowledgedAfterRecovery, 'id')} acknowledged after the recovery`
        : null,
  },
  {
    name: 'phantom',
    title: 'nothing that was never written',
    found: 'values that nobody wrote',
    exercised: (data, load) => (load.blindTo.includes('phantom') ? null : values(data)),
  },
  {
    name: 'corrupt',
    title: 'no value that was never written',
    found: 'ids with a value that was never written',
    exercised: (data, load) => (load.blindTo.includes('corrupt') ? null : values(data)),
  },
  {
    name: 'duplicated',
    title: 'nothing twice',
    found: 'ids more than once',
    exercised: (data, load) => (load.blindTo.includes('duplicated') ? null : values(data)),
  },
  {
    name: 'resurrected',
    title: 'nothing back that failed or was removed',
    found: 'certainly failed writes, or removed data that must never return, that are there',
    exercised: (data, load) => {
      // A store that gives nothing back gives back nothing that it should not.
      if (data.readBack === 0) return null;
      const asked = [
        ...(data.failed > 0 && !load.blindTo.includes('failed')
          ? [plural(data.failed, 'failed operation')]
          : []),
        ...(load.neverReturn && data.removals > 0 ? [plural(data.removals, 'removal')] : []),
      ];
      return asked.length > 0 ? asked.join(' and ') : null;
    },
  },
  {
    name: 'torn',
    title: 'no atomic group in part',
    found: 'atomic groups of which only a part is there',
    exercised: (data) =>
      data.groups > 0 ? `${plural(data.groups, 'atomic group')} of which anything is there` : null,
  },
  {
    name: 'hole',
    title: 'no loss among what survived',
    found:
      'lost writes that were acknowledged before a surviving one was begun: no backup schedule explains them',
    exercised: (data, load) =>
      load.volatile || data.acknowledged === 0 || data.readBack === 0
        ? null
        : plural(data.acknowledged, 'acknowledged id'),
  },
];

/** Loads whose data this drill was to judge: all that write records. */
export const isJudged = (load: LoadAnalysis): boolean => load.kind === 'data';

function judgeLoad(evidence: Evidence, load: LoadAnalysis): Finding[] {
  const seqs = evidence.events
    .filter(
      (event) =>
        (event.type === 'load.begun' || event.type === 'load.ended' || event.type === 'readback.ended') &&
        event.data.index === load.index,
    )
    .map((event) => event.seq);
  const proof = [...seqs, ...seqsOf(evidence.events, 'ledger.chunk')].sort((a, b) => a - b);
  const { data } = load;
  const unknown = (detail: string): Finding[] => [
    finding({
      id: `integrity/${load.load}`,
      title: `What ${load.load} wrote is there, and right`,
      verdict: 'inconclusive',
      detail,
      evidence: proof,
      gate: true,
      weight: weights.integrity,
    }),
  ];
  if (evidence.ledger.damage !== null) return unknown(`The ledger is damaged: ${evidence.ledger.damage}.`);
  if (!data) return unknown('It was not read back completely, so nothing is known of it.');
  if (data.acknowledged === 0)
    return unknown('No write of it was acknowledged, so nothing can be lost or found.');
  const findings = rules.flatMap((rule) => {
    const examined = rule.exercised(data, load);
    const unasked = examined === null && countOf(data, rule) === 0;
    return unasked ? [] : [judgeRule(load, data, rule, examined ?? 'what was read back', proof)];
  });
  if (data.readBack === 0)
    findings.push(
      ...unknown(
        'Nothing at all was there to be read back: phantoms, corruption and duplicates cannot be told.',
      ),
    );
  if (data.inDoubt > 0 && !load.volatile) findings.push(judgeDoubt(evidence, load, data, proof));
  const writes = load.service.writesBeforeFault;
  const least = Math.min(evidence.scenario.load[load.load]?.least ?? writesLeast, writesLeast);
  if (writes < least)
    findings.push(
      ...unknown(
        `Only ${plural(writes, 'write')} acknowledged before the fault: too few to tell, at least ${least} are needed.`,
      ),
    );
  return findings.length > 0 ? findings : unknown('Nothing of it could be examined.');
}

/** More of what was acknowledged may not be in doubt: the rest shows what became of data like it. */
const doubtShare = 0.01;

/** Of a few ids nothing is known, which is said; of many, that is a doubt about the drill. */
function judgeDoubt({ events }: Evidence, load: LoadAnalysis, data: DataAnalysis, proof: number[]): Finding {
  const { inDoubt, acknowledged } = data;
  const most = Math.floor(acknowledged * doubtShare);
  const many = inDoubt > most;
  const examples = (data.examples['in-doubt'] ?? []).map(({ id, what }) => `id ${id}: ${what}`).join('; ');
  return finding({
    id: `integrity/${load.load}/in-doubt`,
    title: `${load.load}: changes under way hide no loss that counts`,
    verdict: many ? 'inconclusive' : 'pass',
    actual: inDoubt,
    objective: most,
    unit: 'count',
    detail: `${plural(inDoubt, 'id')} of ${formatCount(acknowledged)} acknowledged ones had a change under way while something was being broken, and are as that change left them: whether what they held before was lost cannot be seen, so that they count as neither there nor lost${many ? ', and are more than one in a hundred' : ''}. ${examples}.`,
    evidence: [...proof, ...seqsOf(events, 'fault.begun')].sort((a, b) => a - b),
    gate: true,
  });
}

const countOf = (data: DataAnalysis, { name }: Rule): number =>
  name === 'hole' ? data.holes : data.classes[name];

function judgeRule(
  load: LoadAnalysis,
  data: DataAnalysis,
  rule: Rule,
  examined: string,
  evidence: number[],
): Finding {
  const count = countOf(data, rule);
  const examples = (data.examples[rule.name] ?? []).map(({ id, what }) => `id ${id}: ${what}`).join('; ');
  const detail =
    count === 0
      ? `None among ${examined}.`
      : `${formatCount(count)} ${rule.found}, among ${examined}. ${examples}.`;
  return finding({
    id: `integrity/${load.load}/${rule.name}`,
    title: `${load.load}: ${rule.title}`,
    verdict: count === 0 ? 'pass' : 'fail',
    actual: count,
    objective: 0,
    unit: 'count',
    detail,
    evidence,
    gate: true,
    weight: weights.integrity,
  });
}

export const integrity: Measure = {
  about: 'Phantom, corrupt, duplicated, resurrected and torn data, and holes: there may be none',
  judge: (evidence) => evidence.ledger.loads.filter(isJudged).flatMap((load) => judgeLoad(evidence, load)),
};
