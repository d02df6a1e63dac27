import type { Clock } from '../../core/clock.ts';
import type { Check } from '../../core/driver.ts';
import { environmentError, inputError } from '../../core/errors.ts';
import { flagWrong, kinds, outcomes } from '../../core/ledger.ts';
import type { VisitWorkload } from '../../core/workload.ts';
import { askedOf, type Request } from './request-shape.ts';
import { common, saysNothing, traitsOf, unlike, type Traits } from './likeness.ts';
import { runRequest, type Asker, type Done } from './steps.ts';
import type { Values } from './template.ts';

export type Probes = Readonly<Record<string, Request>>;
/** What is done once before anything else, and what that captured. */
interface Given {
  setUp(): Promise<void>;
  given(): Values;
}

/** What answers were like before anything was broken, by name: of probes that name nothing of them. */
type Before = Map<string, Traits>;

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
  const all = Object.entries(probes);
  let before: Before = new Map();
  return {
    kind: 'visits',
    prepare: async () => {
      await setUp();
      before = await rightBefore(asker, probes, given());
    },
    open: async (recorder) => ({
      journey: async (number) => {
        const begun = clock.nowMs();
        const done = await probe(asker, all[number % all.length]!, given(), before);
        const flags = done.kind === 'wrong' ? flagWrong : 0;
        recorder.record(kinds.answer, outcomeOf(done), number, number, begun, clock.nowMs(), 0, 0, flags);
      },
      close: async () => undefined,
    }),
  };
};

const patienceMs = 15_000;

async function probe(
  asker: Asker,
  [name, request]: [string, Request],
  given: Values,
  before: Before,
  deadlineMs?: number,
): Promise<Done> {
  const done = await runRequest(asker, request, given, deadlineMs === undefined ? {} : { deadlineMs });
  const was = before.get(name);
  const why = done.kind === 'right' && was ? unlike(done.answer, was) : null;
  return why === null ? done : { kind: 'wrong', certain: false, detail: `${askedOf(request).title}: ${why}` };
}

async function askAll(
  asker: Asker,
  probes: Probes,
  given: Values,
  before: Before = new Map(),
): Promise<{ name: string; answered: boolean; detail: string }[]> {
  const troubles = [];
  for (const [name, request] of Object.entries(probes)) {
    const done = await probe(asker, [name, request], given, before, patienceMs);
    if (done.kind !== 'right') troubles.push({ name, answered: done.kind !== 'none', detail: done.detail });
  }
  return troubles;
}

async function rightBefore(asker: Asker, probes: Probes, given: Values): Promise<Before> {
  if (Object.keys(probes).length === 0)
    throw inputError('there is no probe to ask', {
      expected: 'probes in the configuration of the component',
    });
  const [trouble] = await askAll(asker, probes, given);
  if (trouble)
    throw environmentError(
      `the probe ${trouble.name} is not right before anything was broken: ${trouble.detail}`,
    );
  const before: Before = new Map();
  for (const [name, request] of Object.entries(probes)) {
    if (!saysNothing(request)) continue;
    const [first, second] = [await ask(asker, request, given), await ask(asker, request, given)];
    before.set(name, common(first, second));
  }
  return before;
}

async function ask(asker: Asker, request: Request, given: Values): Promise<Traits> {
  const done = await runRequest(asker, request, given, { deadlineMs: patienceMs });
  return done.kind === 'right' ? traitsOf(done.answer) : {};
}

/** Every probe once, before anything is broken and when all is over. */
export const probesAnswer = (asker: Asker, probes: Probes, { setUp, given }: Given): Check => {
  let before: Before = new Map();
  return {
    before: async () => {
      await setUp();
      before = await rightBefore(asker, probes, given());
      return { probes: Object.keys(probes).length };
    },
    after: async () => {
      const troubles = await askAll(asker, probes, given(), before);
      const tried = Object.keys(probes).length;
      const facts = { tried, wrong: troubles.filter(({ answered }) => answered).map(({ name }) => name) };
      const [first] = troubles.toSorted((a, b) => Number(b.answered) - Number(a.answered));
      if (!first) return { verdict: 'pass', detail: `${tried} probes are answered as expected`, facts };
      const detail = `${troubles.length} of ${tried} probes are not; ${first.name}: ${first.detail}`;
      return { verdict: first.answered ? 'fail' : 'inconclusive', detail, facts };
    },
  };
};
