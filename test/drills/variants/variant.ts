/** The three files of a drill, as text. */
export interface Files {
  scenario: string;
  strategy: string;
  stack: string;
}

/** A scenario of scenarios/ with something taken away that it rests on: it must not pass. */
export interface Variant {
  /** `reference/redis-crash`. */
  scenario: string;
  /** What is taken away, as the test is called. */
  why: string;
  /** Must change something: a variant that is the scenario itself would prove nothing. */
  change(files: Files): Files;
  /** It waits for minutes: begun last, it would keep one worker busy while the others have nothing left. */
  long?: true;
  /** `fails`: findings that must be red; others may be as well. */
  expect: { exitCode: 1 | 2; fails: string[] };
}

/** Replaces a text that must be there: a change that no longer fits its file must not pass for one. */
export function swap(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`there is no ${JSON.stringify(from)} to replace`);
  return text.replace(from, to);
}
