import { differs, foundOf } from './answer.ts';
import { askedOf, type ProbeStep, type Request, type Step } from './request-shape.ts';
import { namesIn, type Values } from './template.ts';
import type { Answer, Filled, Reply } from './transport.ts';

/** Who sends requests, as whoever the configuration says. Never rejects. */
export interface Asker {
  /** `knows`: statuses that the request has a use for, so that a 401 among them is an answer. */
  ask(
    request: Request,
    values: Values,
    options: { knows: readonly number[]; deadlineMs?: number; fresh?: boolean },
  ): Promise<Reply>;
  /** What would be sent, for a program that sends it itself; null where nothing could be. */
  filled(request: Request, values: Values): Promise<Filled | null>;
}

/**
 * What came of a request or of several in a row. `refused`: by a status that says so; `absent`: what was
 * asked for is not there; `failed`: the service says that it cannot; `wrong`: an answer that is none of
 * these; `none`: no whole answer. `certain`: nothing was done that anybody could find.
 */
export type Done =
  | { kind: 'right'; values: Values; answer: Answer }
  | { kind: 'refused' | 'absent' | 'failed' | 'wrong' | 'none'; certain: boolean; detail: string };

export interface Meaning {
  fails?: readonly number[];
  absent?: readonly number[];
  deadlineMs?: number;
  /** What a cache has kept is no answer: caches are asked to pass it on (RFC 9111, 5.2.1.4). */
  fresh?: boolean;
}
interface InARow extends Meaning {
  concerns?: readonly string[];
  /** In words, what is wrong with a right answer to this step; null where nothing is. */
  wrongIn?(answer: Answer, step: number): string | null;
}

/** In seconds; 0 where no cache says that it kept it (RFC 9111, 5.1). */
const ageOf = ({ headers: { age } }: Answer): number =>
  (typeof age === 'string' && /^\d{1,10}$/.test(age) && Number(age)) || 0;

/** One request, judged. The detail names it as the file has it, and quotes nothing of the answer. */
export async function runRequest(
  asker: Pick<Asker, 'ask'>,
  request: Request,
  values: Values,
  { fails = [], absent = [], deadlineMs, fresh = false }: Meaning = {},
): Promise<Done> {
  const knows = [...(request.expect.status ?? []), ...fails, ...absent];
  const reply = await asker.ask(request, values, {
    knows,
    fresh,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  });
  const told = (detail: string): string => `${askedOf(request).title}: ${detail}`;
  if (reply.kind === 'none') return { kind: 'none', certain: reply.certain, detail: told(reply.detail) };
  if (fresh && ageOf(reply) > 0)
    return {
      kind: 'wrong',
      certain: false,
      detail: told(
        `a cache gave an answer that is ${ageOf(reply)} s old, and does not pass on what asks it to`,
      ),
    };
  const why = differs(reply, request.expect, values);
  if (why === null) return { kind: 'right', values, answer: reply };
  const { status } = reply;
  const expected = request.expect.status?.includes(status) === true;
  if (!expected && fails.includes(status)) return { kind: 'refused', certain: true, detail: told(why) };
  if (!expected && absent.includes(status)) return { kind: 'absent', certain: true, detail: told(why) };
  const cannot = !expected && (status >= 500 || status === 429);
  return { kind: cannot ? 'failed' : 'wrong', certain: false, detail: told(why) };
}

/**
 * Steps in a row, each with what those before it captured. Before the first that has to do with the record
 * nothing is done that could be found later; after it nothing is certain.
 */
export async function runSteps(
  asker: Pick<Asker, 'ask'>,
  steps: readonly (ProbeStep | Step)[],
  given: Values,
  meaning: InARow = {},
): Promise<Done> {
  const { concerns = [], wrongIn } = meaning;
  const first = Math.max(
    0,
    steps.findIndex((step) => namesIn(step).some(({ name }) => concerns.includes(name))),
  );
  let values = given;
  let done: Done | null = null;
  for (const [i, step] of steps.entries()) {
    done = await runRequest(asker, step, values, {
      ...meaning,
      ...('fails' in step && step.fails ? { fails: step.fails } : {}),
      ...('absent' in step && step.absent ? { absent: step.absent } : {}),
    });
    const why = done.kind === 'right' ? (wrongIn?.(done.answer, i) ?? null) : null;
    if (why !== null) done = { kind: 'wrong', certain: false, detail: `${askedOf(step).title}: ${why}` };
    if (done.kind === 'right') done = withCaptures(step, done);
    if (done.kind !== 'right') return { ...done, certain: i < first || (i === first && done.certain) };
    values = done.values;
  }
  return done!;
}

function withCaptures(step: ProbeStep | Step, done: Extract<Done, { kind: 'right' }>): Done {
  const captured: Record<string, string> = {};
  for (const [name, found] of Object.entries(step.capture)) {
    const value = foundOf(done.answer, found);
    if (value === undefined || value === '')
      return {
        kind: 'wrong',
        certain: false,
        detail: `${askedOf(step).title}: nothing to capture as ${name} in the answer`,
      };
    captured[name] = value;
  }
  return { ...done, values: { ...done.values, ...captured } };
}
