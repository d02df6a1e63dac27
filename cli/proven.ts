import { join } from 'node:path';
import { inputError } from '../core/errors.ts';
import { formatDuration, parseDurationMs } from '../core/units.ts';
import type { Proof, Tried } from '../evidence/proven.ts';
import { oneLine } from '../reports/text.ts';
import { chalkFor } from './output.ts';
import { bundlesIn, rowsOf, type Found, type Row } from './proven-rows.ts';

export interface ProvenFlags {
  within?: string;
  home: string;
  json?: boolean;
}

/**
 * `muster proven`: of each backup, when it was last restored and found right, by the bundles that are there
 * and by nothing else. Gives 1 where one that is asked for is not, or longer ago than it may be.
 */
export async function proven(names: string[], flags: ProvenFlags): Promise<number> {
  const withinMs = withinOf(flags.within);
  const found = bundlesIn(join(flags.home, 'drills'));
  const nowMs = Date.now();
  const rows = rowsOf(names, found, { nowMs, withinMs });
  const { unusable } = found;
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({ schema: 'muster/proven/v1', asOf: new Date(nowMs).toISOString(), withinMs, backups: rows, unusable }, null, 2)}\n`,
    );
  else print(rows, unusable, flags);
  return rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1;
}

function withinOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const ms = parseDurationMs(text);
  if (ms === null || ms <= 0)
    throw inputError('--within is no duration', { found: text, expected: 'a duration such as 90d or 26h' });
  return ms;
}

function print(rows: readonly Row[], unusable: Found['unusable'], { within, home }: ProvenFlags): void {
  const paint = chalkFor(process.stdout);
  for (const row of rows) {
    const line = `${row.ok ? '✓' : '✗'} ${oneLine(row.backup)}  ${told(row, within)}`;
    process.stdout.write(`${row.ok ? paint.green(line) : paint.red(line)}\n`);
    const { proof, seenToFail, failedSince, openSince } = row;
    if (proof) process.stdout.write(`    ${oneLine(detailOf(proof, seenToFail))}\n`);
    if (failedSince) process.stdout.write(`    ${oneLine(`failed ${triedText(failedSince)}`)}\n`);
    if (openSince) process.stdout.write(`    ${oneLine(`left open ${triedText(openSince)}`)}\n`);
  }
  if (rows.length === 0) process.stdout.write(`no drill in ${oneLine(home)} says anything of a backup\n`);
  for (const { drill, why } of unusable)
    process.stderr.write(`${oneLine(drill)} proves nothing, as it is not whole: ${oneLine(why)}\n`);
}

const minuteOf = (utc: string): string => utc.replace(/:\d\d\.\d+Z$/, ' UTC').replace('T', ' ');
const triedText = ({ drill, utc, from, why }: Tried): string =>
  `in ${drill}, at ${minuteOf(utc)}${from === null ? '' : `, of ${from}`}: ${why}`;

function told({ proof, ageMs, ok, failedSince }: Row, within: string | undefined): string {
  if (proof === null || ageMs === null) return 'never proven restorable';
  const at = minuteOf(proof.provenUtc);
  if (ageMs < 0) return `proven at ${at}, which is yet to come: a clock is wrong`;
  const but = failedSince ? ', and failed since' : ok ? '' : `: longer ago than ${within}`;
  return `proven ${formatDuration(ageMs)} ago, at ${at}${but}`;
}

const takenText = (takenAt: string): string =>
  `of a point taken at ${minuteOf(takenAt)}, which is ${formatDuration(Date.now() - Date.parse(takenAt))} old`;

const detailOf = (
  { drill, scenario, strategy, file, takenAt, tookMs, checks }: Proof,
  seenToFail: Row['seenToFail'],
): string =>
  [
    `by ${drill} (${scenario}, strategy ${strategy})`,
    ...(file === null ? [] : [`of ${file.name}, SHA-256 ${file.sha256}`]),
    ...(takenAt === null ? [] : [takenText(takenAt)]),
    ...(tookMs === null ? [] : [`right again after ${formatDuration(tookMs)}`]),
    `held against ${checks.join(', ') || 'nothing'}`,
    ...Object.entries(seenToFail).map(([check, by]) =>
      by === null ? `${check} has no known-bad run` : `${check} was seen to fail in ${by}`,
    ),
  ].join('; ');
