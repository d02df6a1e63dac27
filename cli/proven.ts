import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inputError, messageOf } from '../core/errors.ts';
import { formatDuration, parseDurationMs } from '../core/units.ts';
import { judgeBundle } from '../evidence/bundle.ts';
import {
  declaredIn,
  failuresIn,
  proofsIn,
  triedIn,
  type Proof,
  type SeenToFail,
  type Tried,
} from '../evidence/proven.ts';
import { oneLine } from '../reports/text.ts';
import { chalkFor } from './output.ts';
import { registries } from './registries.ts';

export interface ProvenFlags {
  within?: string;
  home: string;
  json?: boolean;
}

/** A backup, and the newest drill that proves it; null: none does. */
interface Row {
  backup: string;
  strategy: string | null;
  proof: Proof | null;
  ageMs: number | null;
  /** The newest drill after that proof, or of all where there is none, that tried it and failed. */
  failedSince: Tried | null;
  /** The newest one after it that left something open. */
  openSince: Tried | null;
  /** Of each check of the proof without a known-bad run: a drill in which it failed; null: it never did. */
  seenToFail: Record<string, string | null>;
  /** Younger than what was asked for, or, where nothing was, proven at all; and nothing failed since. */
  ok: boolean;
}

/**
 * `muster proven`: of each backup, when it was last restored and found right, by the bundles that are there
 * and by nothing else. Gives 1 where one that is asked for is not, or longer ago than it may be.
 */
export async function proven(names: string[], flags: ProvenFlags): Promise<number> {
  const withinMs = withinOf(flags.within);
  const { declared, unusable, ...found } = bundlesIn(join(flags.home, 'drills'));
  const nowMs = Date.now();
  const known = [
    ...new Map([...declared, ...found.proofs].map((one) => [`${one.strategy}\0${one.backup}`, one])).values(),
  ];
  const asked = names.length === 0 ? known : names.flatMap((name) => namedIn(known, name));
  const rows = asked
    .map((one) => rowOf(one, found, nowMs, withinMs))
    .sort((a, b) => `${a.strategy} ${a.backup}`.localeCompare(`${b.strategy} ${b.backup}`));
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

interface Found {
  proofs: Proof[];
  tried: Tried[];
  declared: { backup: string; strategy: string }[];
  failures: SeenToFail[];
  /** Bundles that nobody should rest on, with why. */
  unusable: { drill: string; why: string }[];
}

/** Each is held against its manifest and judged anew: what `result.json` says of itself proves nothing. */
function bundlesIn(folder: string): Found {
  const found: Found = { proofs: [], tried: [], declared: [], failures: [], unusable: [] };
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  for (const drill of names) {
    try {
      const judged = judgeBundle(join(folder, drill), registries);
      found.declared.push(...declaredIn(judged));
      found.proofs.push(...proofsIn(judged));
      found.tried.push(...triedIn(judged));
      found.failures.push(...failuresIn(judged));
      if (judged.damage !== null) found.unusable.push({ drill, why: judged.damage });
    } catch (error) {
      found.unusable.push({ drill, why: messageOf(error) });
    }
  }
  return found;
}

/** One of a name that nobody declared was never proven, either. */
function namedIn(known: Found['declared'], name: string): { backup: string; strategy: string | null }[] {
  const found = known.filter(({ backup }) => backup === name);
  return found.length > 0 ? found : [{ backup: name, strategy: null }];
}

function rowOf(
  { backup, strategy }: { backup: string; strategy: string | null },
  { proofs, tried, failures }: Pick<Found, 'proofs' | 'tried' | 'failures'>,
  nowMs: number,
  withinMs: number | null,
): Row {
  const [proof = null] = proofs
    .filter((one) => one.backup === backup && one.strategy === strategy)
    .sort((a, b) => b.provenUtc.localeCompare(a.provenUtc));
  const ageMs = proof && nowMs - Date.parse(proof.provenUtc);
  const since = tried
    .filter((one) => one.backup === backup && one.strategy === strategy)
    .filter(({ utc }) => proof === null || utc > proof.provenUtc)
    .sort((a, b) => b.utc.localeCompare(a.utc));
  const failedSince = since.find(({ verdict }) => verdict === 'fail') ?? null;
  const openSince = since.find(({ verdict }) => verdict === 'inconclusive') ?? null;
  // One of after now has a clock that says nothing of its age.
  const isInTime = ageMs !== null && ageMs >= 0 && (withinMs === null || ageMs <= withinMs);
  const ok = isInTime && failedSince === null;
  const failedIn = (check: string): string | null =>
    failures.findLast((one) => one.check === check && one.strategy === strategy)?.drill ?? null;
  const seenToFail = Object.fromEntries((proof?.noKnownBad ?? []).map((check) => [check, failedIn(check)]));
  return { backup, strategy, proof, ageMs, failedSince, openSince, seenToFail, ok };
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
const triedText = ({ drill, utc, why }: Tried): string => `in ${drill}, at ${minuteOf(utc)}: ${why}`;

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
