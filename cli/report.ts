import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DrillResult } from '../core/result.ts';
import { judgeBundle, writeReportsAgain } from '../evidence/bundle.ts';
import { renderOverview, renderSummary } from '../reports/terminal.ts';
import { oneLine } from '../reports/text.ts';
import { chalkFor, gravestCode, short } from './output.ts';
import { registries } from './registries.ts';
import { lastLine, optionsFor } from './summary.ts';

interface Reported {
  result: DrillResult;
  damage: string | null;
  into: string;
  written: boolean;
  /** Reports that stay as they were found. */
  kept: boolean;
}

async function reportOne(bundle: string, flags: { out?: string; home: string }): Promise<Reported> {
  const folder = existsSync(bundle) ? bundle : join(flags.home, 'drills', bundle);
  const judged = judgeBundle(folder, registries);
  const { result, damage, altered } = judged;
  const into = flags.out ? join(flags.out, result.drill) : folder;
  const written = flags.out !== undefined || !altered;
  const paths = written ? await writeReportsAgain(into, judged, registries) : [];
  const kept = written && paths.length < Object.keys(registries.formats).length;
  return { result, damage, into, written, kept };
}

/**
 * `muster report`: judges again from the bundle alone and renders every report anew. A bundle that is not
 * whole never gives 0; into one that is not what its manifest says, or lacks it, nothing is written, and
 * nothing ever writes a new manifest.
 */
export async function report(
  bundles: string[],
  flags: { json?: boolean; out?: string; home: string },
): Promise<number> {
  const results: Reported[] = [];
  for (const bundle of bundles) results.push(await reportOne(bundle, flags));
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({ schema: 'muster/run/v1', drills: results.map(({ result, damage, into }) => ({ folder: short(into), damage, result })) }, null, 2)}\n`,
    );
  else {
    const options = optionsFor(process.stdout);
    for (const { result, damage, into, written, kept } of results) {
      process.stdout.write(`${renderSummary(result, options)}\n`);
      if (damage)
        process.stderr.write(
          `${chalkFor(process.stderr).red('The bundle is not whole:')} ${oneLine(damage)}\n`,
        );
      if (!written)
        process.stderr.write(
          'It stays as it was found: nothing was written into it. --out writes reports elsewhere.\n',
        );
      if (kept && flags.out === undefined)
        process.stderr.write(
          'Its reports stay as its own run wrote them: this version of Muster words them otherwise. --out writes them anew, elsewhere.\n',
        );
      if (kept && flags.out !== undefined)
        process.stderr.write(
          `${short(into)} is a bundle already: into it goes only what its manifest vouches for. Give --out a folder without bundles.\n`,
        );
      process.stdout.write(`${lastLine(result, written ? join(into, 'report.html') : null)}\n\n`);
    }
    if (results.length > 1)
      process.stdout.write(
        `${renderOverview(
          results.map((one) => one.result),
          options,
        )}\n`,
      );
  }
  return gravestCode(results.map(({ result }) => result.exitCode));
}
