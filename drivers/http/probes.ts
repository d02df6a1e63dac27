import pLimit from 'p-limit';
import type { Clock } from '../../core/clock.ts';
import type { Check } from '../../core/driver.ts';
import { environmentError, inputError } from '../../core/errors.ts';
import { flagWrong, kinds, outcomes } from '../../core/ledger.ts';
import type { VisitWorkload } from '../../core/workload.ts';
import { namedProbe, probeAt, probesOf, type Probe } from './probe.ts';
import { Before, type Judge } from './probes-before.ts';
import type { HttpConfig } from './shape.ts';
import { runSteps, type Asker, type Done } from './steps.ts';
import type { Values } from './template.ts';

export type Probes = Pick<HttpConfig, 'probes' | 'samples'>;
/** What is done once before anything else, and what that captured. */
interface Given {
  setUp(): Promise<void>;
  given(): Values;
}

const outcomeOf = (done: Done): (typeof outcomes)[keyof typeof outcomes] => {
  if (done.kind === 'right' || done.kind === 'wrong') return outcomes.ok;
  return done.kind === 'failed' || done.certain ? outcomes.fail : outcomes.unknown;
};

/** Clients that ask the probes in turn. Every probe leaves one record: right, wrong, or no answer. */
export const probing = (
  asker: Asker,
  probes: Probes,
  { clock, setUp, given }: Given & { clock: Clock },
): VisitWorkload => {
  let before = new Before();
  return {
    kind: 'visits',
    prepare: async () => {
      await setUp();
      before = await rightBefore(asker, probes, given());
    },
    open: async (recorder) => ({
      visit: async (number) => {
        const begun = clock.nowMs();
        const done = await ask(asker, probeAt(probes, number), given(), before.compare);
        const flags = done.kind === 'wrong' ? flagWrong : 0;
        recorder.record(kinds.answer, outcomeOf(done), number, number, begun, clock.nowMs(), 0, 0, flags);
      },
      close: async () => undefined,
    }),
  };
};

const patienceMs = 15_000;
const askersAtOnce = 8;

const ask = (asker: Asker, probe: Probe, given: Values, judge: Judge, deadlineMs?: number): Promise<Done> =>
  runSteps(
    asker,
    probe.steps,
    { ...given, ...probe.values },
    {
      wrongIn: (answer, step) => judge(probe, step, answer),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    },
  );

interface Trouble {
  name: string;
  answered: boolean;
  detail: string;
}

/** Each of them once, some at once. */
async function askAll(asker: Asker, all: readonly Probe[], given: Values, judge: Judge): Promise<Trouble[]> {
  const done = await pLimit(askersAtOnce).map(all, (probe) => ask(asker, probe, given, judge, patienceMs));
  return done.flatMap((one, i) =>
    one.kind === 'right'
      ? []
      : [{ name: namedProbe(all[i]!), answered: one.kind !== 'none', detail: one.detail }],
  );
}

/** What an answer must be like later is what two of them have in common. */
async function rightBefore(asker: Asker, probes: Probes, given: Values): Promise<Before> {
  if (Object.keys(probes.probes).length === 0)
    throw inputError('there is no probe to ask', {
      expected: 'probes in the configuration of the component',
    });
  const before = new Before();
  const all = probesOf(probes);
  const [trouble] = [
    ...(await askAll(asker, all, given, before.note)),
    ...(await askAll(asker, all.filter(before.canNarrow), given, before.narrow)),
  ];
  if (trouble)
    throw environmentError(
      `the probe ${trouble.name} is not right before anything was broken: ${trouble.detail}`,
    );
  return before;
}

/** Every probe once, before anything is broken and when all is over. */
export const probesAnswer = (asker: Asker, probes: Probes, { setUp, given }: Given): Check => {
  let before = new Before();
  return {
    before: async () => {
      await setUp();
      before = await rightBefore(asker, probes, given());
      return { probes: probesOf(probes).length };
    },
    after: async () => {
      const all = probesOf(probes);
      const troubles = await askAll(asker, all, given(), before.compare);
      const tried = all.length;
      const facts = { tried, wrong: troubles.filter(({ answered }) => answered).map(({ name }) => name) };
      const [first] = troubles.toSorted((a, b) => Number(b.answered) - Number(a.answered));
      if (!first) return { verdict: 'pass', detail: `${tried} probes are answered as expected`, facts };
      const detail = `${troubles.length} of ${tried} probes are not; ${first.name}: ${first.detail}`;
      return { verdict: first.answered ? 'fail' : 'inconclusive', detail, facts };
    },
  };
};
