import { relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Chalk, type ChalkInstance } from 'chalk';
import { exitCodes, InputErrors, messageOf, MusterError, type Place } from '../core/errors.ts';
import { visible } from '../reports/text.ts';

/** Colours only on a terminal, and never when NO_COLOR is set (no-color.org). */
export const hasColor = (stream: NodeJS.WriteStream): boolean =>
  process.env['FORCE_COLOR']
    ? process.env['FORCE_COLOR'] !== '0'
    : stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';

export const chalkFor = (stream: NodeJS.WriteStream): ChalkInstance =>
  new Chalk({ level: hasColor(stream) ? 1 : 0 });

/** A path as one would type it here. */
export const short = (path: string): string => {
  const from = relative('.', path);
  return from.startsWith('..') ? path : from;
};
const placeText = ({ file, line, column }: Place): string => `${short(file)}:${line}:${column}: `;

/**
 * `scenarios/x.yaml:12:7: unknown key "form"`, then what was found, expected, and the remedy, a line each.
 */
export function formatError(error: unknown, paint: ChalkInstance): string {
  if (error instanceof InputErrors) return error.all.map((one) => formatError(one, paint)).join('\n');
  if (!(error instanceof MusterError) || error.trouble === 'internal') {
    const origin = error instanceof MusterError ? (error.cause ?? error) : error;
    const text = origin instanceof Error ? (origin.stack ?? origin.message) : String(origin);
    return `${paint.red('Muster itself broke:')} ${visible(text)}\nThis is a bug in Muster, not in your system; the timeline up to here is kept.`;
  }
  const place = error.at ? visible(placeText(error.at)) : '';
  const lines = [`${paint.bold(place)}${paint.red('error:')} ${visible(wordsOf(error))}`];
  if (error.found !== undefined) lines.push(labelled('found:', error.found));
  if (error.expected !== undefined) lines.push(labelled('expected:', error.expected));
  if (error.hint !== undefined) lines.push(labelled(paint.cyan('hint:'), error.hint, 'hint:'.length));
  return lines.join('\n');
}

/** Further lines of a tool's own words stand under the first; what would steer a terminal is shown. */
const labelled = (label: string, text: string, width = label.length): string =>
  `  ${label}${' '.repeat(10 - width)}${visible(text).replaceAll('\n', `\n${' '.repeat(12)}`)}`;

/** With its causes, where `found` does not tell of them already. */
const wordsOf = (error: MusterError): string =>
  error.found === undefined ? messageOf(error) : error.message;

export const errorToJson = (error: unknown): object => {
  const all = error instanceof InputErrors ? error.all : [error];
  return {
    schema: 'muster/error/v1',
    errors: all.map((one) =>
      one instanceof MusterError
        ? {
            trouble: one.trouble,
            message: wordsOf(one),
            at: one.at ?? null,
            found: one.found ?? null,
            expected: one.expected ?? null,
            hint: one.hint ?? null,
          }
        : { trouble: 'internal', message: messageOf(one) },
    ),
  };
};

export const exitCodeOfError = (error: unknown): number =>
  error instanceof MusterError ? exitCodes[error.trouble] : exitCodes.internal;

/**
 * The code of several outcomes together: the gravest. A failure outranks an inconclusive drill. One that
 * Muster has no meaning for is a fault of Muster's own.
 */
export function gravestCode(codes: readonly number[]): number {
  const order = [0, 2, 1, exitCodes.input, exitCodes.environment, exitCodes.internal, exitCodes.interrupted];
  const known = codes.map((code) => (order.includes(code) ? code : exitCodes.internal));
  return known.reduce((worst, code) => (order.indexOf(code) > order.indexOf(worst) ? code : worst), 0);
}

/**
 * Whoever reads the output may stop reading, or close the terminal: a drill goes on to its end all the same.
 */
export function goOnUnread(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!['EPIPE', 'EIO', 'ENXIO', 'ERR_STREAM_DESTROYED'].includes(error.code ?? '')) throw error;
    });
  }
}

const restMs = 50;

/** Ends the process once all is said, whatever of a drill that was ended still hangs. */
export async function leave(): Promise<never> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((said) => void stream.write('', () => said()));
  return exitAtRest();
}

/**
 * Node waits at its end for the threads that compile, and one of those may wait for the main thread to
 * collect garbage: for ever, once that one waits (nodejs/node#54918; seen once in thousands of drills). What
 * is being compiled ends first, while the main thread is at rest and does what it is asked for.
 */
export async function exitAtRest(): Promise<never> {
  // The verdict has been said: what breaks now, of what still hangs, is no other one.
  process.removeAllListeners('uncaughtException').on('uncaughtException', () => undefined);
  await setTimeout(restMs);
  process.exit();
}
