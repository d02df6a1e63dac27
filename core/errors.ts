/** Where in a user's file something stands. Lines and columns count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/**
 * What kind of trouble it is. The exit codes are those of sysexits.h where one fits: `input` 64 (EX_USAGE),
 * `environment` 69 (EX_UNAVAILABLE), `internal` 70 (EX_SOFTWARE), `interrupted` 130 (128 + SIGINT).
 */
export const exitCodes = { input: 64, environment: 69, internal: 70, interrupted: 130 } as const;
export type Trouble = keyof typeof exitCodes;

export interface MusterErrorOptions {
  at?: Place | undefined;
  found?: string | undefined;
  expected?: string | undefined;
  hint?: string | undefined;
  cause?: unknown;
}

/**
 * An error that is the user's to read: what happened, where, what was found and expected, and what to do
 * about it.
 */
export class MusterError extends Error {
  readonly trouble: Trouble;
  readonly at: Place | undefined;
  readonly found: string | undefined;
  readonly expected: string | undefined;
  readonly hint: string | undefined;

  constructor(trouble: Trouble, message: string, options: MusterErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MusterError';
    this.trouble = trouble;
    this.at = options.at;
    this.found = options.found;
    this.expected = options.expected;
    this.hint = options.hint;
  }
}

/** Several problems of one input, reported together: a user mends them in one go. */
export class InputErrors extends MusterError {
  readonly all: MusterError[];

  constructor(all: MusterError[]) {
    super('input', all.length === 1 ? all[0]!.message : `${all.length} problems`);
    this.all = all;
  }
}

export const inputError = (message: string, options?: MusterErrorOptions): MusterError =>
  new MusterError('input', message, options);
export const environmentError = (message: string, options?: MusterErrorOptions): MusterError =>
  new MusterError('environment', message, options);

/**
 * A fault found nothing that it could act on, such as a table without rows. Nothing was broken, so nothing
 * can be shown: no trouble of the environment.
 */
export class NothingToActOn extends MusterError {
  constructor(message: string, options?: MusterErrorOptions) {
    super('environment', message, options);
  }
}

/**
 * A backup of the user's own ended and left nothing that can be restored. It is what the drill was to find
 * out, and no trouble of the environment.
 */
export class NoRecoveryPoint extends MusterError {
  constructor(message: string, options?: MusterErrorOptions) {
    super('environment', message, options);
  }
}

/** What is encrypted was encrypted with another key than the one that is given. */
export class AnotherKey extends MusterError {
  constructor(message: string, options?: MusterErrorOptions) {
    super('environment', message, options);
  }
}

/** One line of text for any thrown value, with what was found and its causes. Never a stack. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const causes: string[] = [];
  let at: unknown = error;
  while (at instanceof Error && causes.length < 4) {
    const text = at.message || (at as { code?: string }).code || at.name;
    for (const said of at instanceof MusterError && at.found ? [text, at.found] : [text])
      if (!causes.some((cause) => cause.includes(said))) causes.push(said);
    at = at.cause ?? (at instanceof AggregateError ? at.errors[0] : undefined);
  }
  return causes.join(': ');
}
