import { join } from 'node:path';
import type { Plan } from '../engine/plan.ts';
import type { Sweep } from '../reports/sweep.ts';
import { renderSummary } from '../reports/terminal.ts';
import type { Ran } from './one-drill.ts';
import { chalkFor, errorToJson, formatError, short } from './output.ts';
import { lastLine, optionsFor } from './summary.ts';

/** A drill that was run, as it is printed. */
export type Told = Ran & { plan: Plan; tookMs: number };

export const printJson = (told: readonly Told[], sweeps: readonly Sweep[], tookMs: number): void =>
  void process.stdout.write(
    `${JSON.stringify(
      {
        schema: 'muster/run/v1',
        tookMs: Math.round(tookMs),
        drills: told.map(({ result, folder, error, tookMs: drillMs }) => ({
          folder: short(folder),
          tookMs: Math.round(drillMs),
          result,
          ...(error ? { error: errorToJson(error) } : {}),
        })),
        ...(sweeps.length > 0 ? { sweeps } : {}),
      },
      null,
      2,
    )}\n`,
  );

export function printResult({ result, folder, error, kept }: Ran): void {
  // A drill that broke off before anything was broken has nothing to show but why; where no error says that
  // (nothing to restore from), its findings do.
  if (result.outcome === 'completed' || result.time.faultMs !== null || !error)
    process.stdout.write(`${renderSummary(result, optionsFor(process.stdout))}\n`);
  if (error) process.stderr.write(`${formatError(error, chalkFor(process.stderr))}\n`);
  process.stdout.write(`${lastLine(result, join(folder, 'report.html'))}\n`);
  if (kept) process.stdout.write(`kept: ${kept}\n`);
  process.stdout.write('\n');
}
