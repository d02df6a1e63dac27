import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { judgeBundle } from '../evidence/bundle.ts';
import {
  declaredIn,
  failuresIn,
  proofsIn,
  triedIn,
  type DeclaredBackup,
  type Proof,
  type SeenToFail,
  type Tried,
} from '../evidence/proven.ts';
import { registries } from './registries.ts';

/** A backup, and the newest drill that proves it; null: none does. */
export interface Row {
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

/** What the bundles of a home say of backups. */
export interface Found {
  proofs: Proof[];
  tried: Tried[];
  declared: DeclaredBackup[];
  failures: SeenToFail[];
  /** Bundles that nobody should rest on, with why. */
  unusable: { drill: string; why: string }[];
}

/** Each is held against its manifest and judged anew: what `result.json` says of itself proves nothing. */
export function bundlesIn(folder: string): Found {
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

/** Of each backup that is named, or of all that the bundles know of where none is. */
export function rowsOf(
  names: readonly string[],
  found: Found,
  { nowMs, withinMs }: { nowMs: number; withinMs: number | null },
): Row[] {
  // What the command line named and no drill could restore is known by that alone.
  const known = [
    ...new Map(
      [...found.declared, ...found.proofs, ...found.tried].map(({ backup, strategy }) => [
        `${strategy}\0${backup}`,
        { backup, strategy },
      ]),
    ).values(),
  ];
  const asked = names.length === 0 ? known : names.flatMap((name) => namedIn(known, name));
  return asked
    .map((one) => rowOf(one, found, nowMs, withinMs))
    .sort((a, b) => `${a.strategy} ${a.backup}`.localeCompare(`${b.strategy} ${b.backup}`));
}

/** One of a name that nobody declared was never proven, either. */
function namedIn(known: DeclaredBackup[], name: string): { backup: string; strategy: string | null }[] {
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
