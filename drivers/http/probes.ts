import type { Clock } from '../../core/clock.ts';
import type { Check } from '../../core/driver.ts';
import { environmentError, inputError } from '../../core/errors.ts';
import { flagWrong, kinds, outcomes } from '../../core/ledger.ts';
import type { VisitWorkload } from '../../core/workload.ts';
import type { Request } from './request-shape.ts';
import { runRequest, type Asker, type Done } from './steps.ts';
import type { Values } from './template.ts';

export type Probes = Readonly<Record<string, Request>>;
/** What is done once before anything else, and what that captured. */
interface Given {
  setUp(): Promise<void>;
  given(): Values;
}

const outcomeOf = (done: Done): (typeof outcomes)[keyof typeof outcomes] => {
  if (done.kind === 'right' || done.kind === 'wrong') return outcomes.ok;
  return done.kind === 'failed' || done.certain ? outcomes.fail : outcomes.unknown;
};

/** Clients that ask the probes in turn. Every request leaves one record: right, wrong, or no answer. */
export const probing = (
  asker: Asker,
  probes: Probes,
  { clock, setUp, given }: Given & { clock: Clock },
): VisitWorkload => {
  const all = Object.values(probes);
  return {
    kind: 'visits',
    prepare: async () => {
      await setUp();
      await rightBefore(asker, probes, given());
    },
    open: async (recorder) => ({
      journey: async (number) => {
        const begun = clock.nowMs();
        const done = await runRequest(asker, all[number % all.length]!, given());
        const flags = done.kind === 'wrong' ? flagWrong : 0;
        recorder.record(kinds.answer, outcomeOf(done), number, number, begun, clock.nowMs(), 0, 0, flags);
      },
      close: async () => undefined,
    }),
  };
};

const patienceMs = 15_000;

async function askAll(
  asker: Asker,
  probes: Probes,
  given: Values,
): Promise<{ name: string; answered: boolean; detail: string }[]> {
  const troubles = [];
  for (const [name, probe] of Object.entries(probes)) {
    const done = await runRequest(asker, probe, given, { deadlineMs: patienceMs });
    if (done.kind !== 'right') troubles.push({ name, answered: done.kind !== 'none', detail: done.detail });
  }
  return troubles;
}

async function rightBefore(asker: Asker, probes: Probes, given: Values): Promise<number> {
  if (Object.keys(probes).length === 0)
    throw inputError('there is no probe to ask', {
      expected: 'probes in the configuration of the component',
    });
  const [trouble] = await askAll(asker, probes, given);
  if (trouble)
    throw environmentError(
      `the probe ${trouble.name} is not right before anything was broken: ${trouble.detail}`,
    );
  return Object.keys(probes).length;
}

/** Every probe once, before anything is broken and when all is over. */
export const probesAnswer = (asker: Asker, probes: Probes, { setUp, given }: Given): Check => ({
  before: async () => {
    await setUp();
    return { probes: await rightBefore(asker, probes, given()) };
  },
  after: async () => {
    const troubles = await askAll(asker, probes, given());
    const tried = Object.keys(probes).length;
    const facts = { tried, wrong: troubles.filter(({ answered }) => answered).map(({ name }) => name) };
    const [first] = troubles.toSorted((a, b) => Number(b.answered) - Number(a.answered));
    if (!first) return { verdict: 'pass', detail: `${tried} probes are answered as expected`, facts };
    const detail = `${troubles.length} of ${tried} probes are not; ${first.name}: ${first.detail}`;
    return { verdict: first.answered ? 'fail' : 'inconclusive', detail, facts };
  },
});
