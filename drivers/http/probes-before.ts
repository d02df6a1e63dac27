import { isDeepStrictEqual } from 'node:util';
import { allAt } from './json-path.ts';
import { common, saysNothing, traitsOf, unlike, type Traits } from './likeness.ts';
import { namedProbe, type Probe } from './probe.ts';
import type { ProbeStep } from './request-shape.ts';
import type { Answer } from './transport.ts';

/** In words that quote nothing of it, what is wrong with a right answer to a step; null where nothing is. */
export type Judge = (probe: Probe, step: number, answer: Answer) => string | null;

interface Noted {
  /** Null where the configuration alone says what the answer must be. */
  traits: Traits | null;
  /** By JSON path, what must be there again. */
  same: ReadonlyMap<string, unknown>;
}

/** What answers were like before anything was broken, in this process's memory only. */
export class Before {
  readonly #noted = new Map<string, Noted>();

  /** Notes the first answer; what must stay the same must be there. */
  note: Judge = (probe, step, answer) => {
    const { same, ...request } = probe.steps[step]!;
    const isHeld = isHeldAgainst(request);
    const found = same.map((path) => [path, allAt(answer.json, path)] as const);
    const odd = found.find(([, values]) => values.length !== 1);
    if (odd) return `${odd[0]} names ${odd[1].length} values of its body`;
    this.#noted.set(keyOf(probe, step), {
      traits: isHeld ? traitsOf(answer) : null,
      same: new Map(found.map(([path, values]) => [path, values[0]])),
    });
    return null;
  };

  /** A second answer would tell something. */
  canNarrow = ({ steps }: Probe): boolean =>
    steps.some((step) => step.same.length > 0 || isHeldAgainst(step));

  /** Keeps of what was noted what a second answer has as well: what changes by itself tells nothing. */
  narrow: Judge = (probe, step, answer) => {
    const noted = this.#noted.get(keyOf(probe, step));
    if (!noted) return null;
    if (noted.traits) noted.traits = common(noted.traits, traitsOf(answer));
    const changed = changedIn(noted, answer);
    return changed === null ? null : `${changed} of its body changes by itself`;
  };

  /** Holds a later answer against what was noted; right where nothing was. */
  compare: Judge = (probe, step, answer) => {
    const noted = this.#noted.get(keyOf(probe, step));
    if (!noted) return null;
    const changed = changedIn(noted, answer);
    if (changed !== null) return `${changed} of its body is not what it was before`;
    return noted.traits ? unlike(answer, noted.traits) : null;
  };
}

/** What it was like must be so again. */
const isHeldAgainst = (step: Omit<ProbeStep, 'same'>): boolean => step.alike === true || saysNothing(step);

const keyOf = (probe: Probe, step: number): string => `${namedProbe(probe)} ${step}`;

function changedIn({ same }: Noted, answer: Answer): string | null {
  for (const [path, value] of same) if (!isDeepStrictEqual(allAt(answer.json, path), [value])) return path;
  return null;
}
