import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { MusterError } from '../core/errors.ts';
import { moduleEnding } from '../stack/package-root.ts';
import type { Progress } from '../core/progress.ts';
import type { DrillResult } from '../core/result.ts';
import { cacheFolder } from './compiled.ts';
import { errorOf, tellOf, type FromDrill, type Job, type ToDrill } from './drill-messages.ts';
import { doublingHeap } from './heap.ts';
import type { Ran } from './one-drill.ts';

const drillMemoryBytes = 2 * 2 ** 30;
const leavesWithinMs = 30_000;

/**
 * As many as the machine carries: with more than one a core, drills measure one another; and each stack wants
 * memory.
 */
export const jobsByMachine = (cores = availableParallelism(), memoryBytes = totalmem()): number =>
  Math.max(1, Math.floor(Math.min(cores, memoryBytes / drillMemoryBytes)));

/** One drill in a process of its own. Rejects as drillHere does, and when the process ends without a word. */
export async function drillApart(
  job: Job,
  progress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Ran> {
  const compiled = cacheFolder();
  const child = fork(join(import.meta.dirname, `drill-process${moduleEnding}`), [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    execArgv: [...process.execArgv, doublingHeap],
    env: { ...process.env, ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }) },
  });
  const send = (message: ToDrill): void => {
    // A child that is gone is told of by its end.
    if (child.connected) child.send(message, () => undefined);
  };
  const interrupt = (): void => send({ kind: 'interrupt', error: tellOf(signal.reason) });
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    const told = toldBy(child, progress, signal);
    send({ kind: 'drill', job });
    if (signal.aborted) interrupt();
    const { folder, code, error, kept } = await told;
    const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as DrillResult;
    return { result, folder, code, error: error && errorOf(error), kept };
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}

/**
 * What a child says at its end; settles when it is gone. Ctrl-C in a terminal reaches all, and ends a child
 * that has not begun: it has said nothing and made nothing, and rejects with the reason of the interruption.
 */
function toldBy(
  child: ChildProcess,
  progress: (progress: Progress) => void,
  interruption: AbortSignal,
): Promise<Extract<FromDrill, { kind: 'ran' }>> {
  let last: FromDrill | null = null;
  const words: string[] = [];
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    words.push(text);
    progress({ kind: 'line', text: text.trimEnd() });
  });
  let begun = false;
  child.on('message', (message: FromDrill) => {
    begun = true;
    if (message.kind === 'progress') return progress(message.progress);
    last = message;
    // It has said all: whatever keeps it does not keep us.
    setTimeout(() => child.kill('SIGKILL'), leavesWithinMs).unref();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (last?.kind === 'ran') resolve(last);
      else if (last?.kind === 'failed') reject(errorOf(last.error));
      else if (!begun && signal !== null && interruption.aborted) reject(interruption.reason);
      else
        reject(
          new MusterError(
            'internal',
            `the process of a drill ended ${signal ? `by ${signal}` : `with ${code}`} and said nothing`,
            { found: words.join('').trim().slice(-2_000) || undefined },
          ),
        );
    });
  });
}
