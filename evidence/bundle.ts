import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { LedgerAnalysis } from '../core/analysis.ts';
import { environmentError, inputError, messageOf, MusterError } from '../core/errors.ts';
import type { Evidence } from '../core/measure.ts';
import type { Registries } from '../core/registries.ts';
import { resultSchema, type DrillResult } from '../core/result.ts';
import { lastOf, type TimelineEvent } from '../core/timeline.ts';
import { judge } from '../measures/judge.ts';
import { analyseLedger } from '../measures/ledger-judge.ts';
import { agreementDamage } from './agreement.ts';
import { isPlainFile, linesOf } from './bundle-files.ts';
import { readChainOf } from './chain.ts';
import { attachmentDamage } from './attachments.ts';
import { knownBadRuns } from './known-bad.ts';
import { ledgerDamage, openLedger } from './ledger-file.ts';
import { contradictionsOf, evidenceOf, manifestName, manifestOf, vouchedFor } from './manifest.ts';
import { timelineDamage } from './timeline-damage.ts';

/** What a report is made of. */
export interface Reported {
  result: DrillResult;
  evidence: Evidence;
}

export interface Judged extends Reported {
  /** What is wrong with the bundle itself; null when it is whole. */
  damage: string | null;
  /**
   * The bundle is not what its manifest says, or has none though its drill ran to its end: nothing is written
   * into it.
   */
  altered: boolean;
}

/**
 * Judges a bundle from what lies in its folder and nothing else, so that it can be done again years later
 * with the same result. What contradicts its manifest never passes, nor does a drill that ran to its end and
 * has none, however well it is made: a hash chain can be made anew by who alters it. A timeline that is cut
 * off (Muster was killed) is judged as far as it is valid, and never passes. Input error for what is no
 * bundle, or is damaged beyond judging.
 */
export function judgeBundle(folder: string, registries: Registries): Judged {
  try {
    const opened = openBundle(folder, registries);
    const contradictions = existsSync(join(folder, manifestName))
      ? contradictionsOf(
          folder,
          opened.drill,
          Object.values(registries.formats).map(({ file }) => file),
        )
      : unvouched(opened.events);
    const found = judged(opened, contradictions, registries);
    // What is not as a drill writes it may have gone through everything, and is no result for all that.
    resultSchema.parse(found.result);
    return found;
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw inputError(`${folder} cannot be judged`, {
      found: messageOf(error).slice(0, 500),
      expected: 'a bundle as this version of Muster leaves and reads it',
      cause: error,
    });
  }
}

/** The same, by the run that made it, before anything vouches for it. */
export const judgeRun = (folder: string, registries: Registries): Reported =>
  judged(openBundle(folder, registries), [], registries);

/** The manifest is written last: without it, nobody knows whether this is what the drill left. */
function unvouched(events: readonly TimelineEvent[]): string[] {
  if (lastOf(events, 'drill.ended')?.data.outcome !== 'completed') return [];
  return [
    `${manifestName} is missing: Muster was ended before it vouched for this drill, or somebody took it away`,
  ];
}

const timelineOf = (folder: string): string => join(folder, 'events.jsonl');

interface Opened {
  drill: string;
  events: TimelineEvent[];
  ledger: string | null;
  troubles: string[];
}

function openBundle(folder: string, registries: Registries): Opened {
  const { events, damage } = openTimeline(folder);
  const ledger = join(folder, 'ledger.bin');
  const hasLedger = isPlainFile(ledger);
  const troubles = [
    damage,
    timelineDamage(events),
    agreementDamage(events, registries),
    hasLedger ? ledgerDamage(ledger, events) : 'ledger.bin is missing',
    attachmentDamage(folder, events),
  ];
  const { drill } = (events[0] as TimelineEvent<'drill.begun'>).data;
  // It names a folder where reports are written to.
  if (typeof drill !== 'string' || !/^[\w][\w.-]*$/.test(drill))
    throw inputError(`${timelineOf(folder)} names a drill that cannot be`, {
      found: JSON.stringify(drill),
      expected: 'letters, digits, dots and dashes',
    });
  return {
    drill,
    events,
    ledger: hasLedger ? ledger : null,
    troubles: troubles.filter((trouble) => trouble !== null),
  };
}

function openTimeline(folder: string): { events: TimelineEvent[]; damage: string | null } {
  const path = timelineOf(folder);
  const expected = 'a folder with events.jsonl';
  const hint = 'bundles lie in .muster/drills/<id>';
  if (!isPlainFile(path))
    throw inputError(`${folder} is not a drill's bundle`, {
      found: existsSync(path) ? 'an events.jsonl that is no plain file' : 'no events.jsonl',
      expected,
      hint,
    });
  let read: ReturnType<typeof readChainOf>;
  try {
    read = readChainOf(linesOf(path));
  } catch (cause) {
    throw inputError(`${folder} is not a drill's bundle`, { found: messageOf(cause), expected, hint, cause });
  }
  const { events, broken } = read;
  if (events[0]?.type !== 'drill.begun')
    throw inputError(`${path} holds no drill`, {
      found: broken ? `line ${broken.line}: ${broken.reason}` : 'an empty file',
      expected: 'a timeline that begins with drill.begun',
    });
  return { events, damage: broken ? `events.jsonl line ${broken.line}: ${broken.reason}` : null };
}

function judged(
  { events, ledger, troubles }: Opened,
  contradictions: readonly string[],
  registries: Registries,
): Judged {
  const all = [...troubles, ...contradictions];
  const damage = all.length > 0 ? all.join('; ') : null;
  const analysis = analyse(ledger, events, damage);
  const { strategy, scenario } = (events[0] as TimelineEvent<'drill.begun'>).data;
  const result = judge({
    events,
    ledger: analysis,
    measures: registries.measures,
    damage,
    knownBad: knownBadRuns(strategy, registries),
  });
  const evidence = { events, strategy, scenario, ledger: analysis };
  return { result, evidence, damage, altered: contradictions.length > 0 };
}

function analyse(path: string | null, events: TimelineEvent[], damage: string | null): LedgerAnalysis {
  if (path === null) return { loads: [], damage };
  return { ...analyseLedger(openLedger(path, events), events), ...(damage ? { damage } : {}) };
}

/**
 * Writes every report, and last the manifest with the size and SHA-256 of each file: for the run that made
 * the bundle, and nobody after it. Returns the files' paths. Throws an environment error when they cannot be
 * written.
 */
export async function writeReports(
  folder: string,
  reported: Reported,
  registries: Registries,
): Promise<string[]> {
  const written = await writeFormats(folder, reported, registries, () => true);
  const { drill } = reported.result;
  const manifest = join(folder, manifestName);
  writeWhole(
    manifest,
    manifestOf(folder, drill, [...evidenceOf(folder), ...written.map((path) => basename(path))]),
  );
  return [...written, manifest];
}

/**
 * Writes the reports of a bundle that was judged again, without a manifest. Into a bundle, itself or another
 * one, only what its manifest vouches for, byte for byte: reports that another version words otherwise stay
 * as they were.
 */
export async function writeReportsAgain(
  into: string,
  reported: Reported,
  registries: Registries,
): Promise<string[]> {
  const vouched = vouchedFor(into);
  return writeFormats(
    into,
    reported,
    registries,
    (file, content) =>
      vouched === null || vouched.get(file) === createHash('sha256').update(content).digest('hex'),
  );
}

async function writeFormats(
  into: string,
  { result, evidence }: Reported,
  registries: Registries,
  wanted: (file: string, content: Uint8Array) => boolean,
): Promise<string[]> {
  const written: string[] = [];
  orCannotBeWritten(into, () => mkdirSync(into, { recursive: true }));
  for (const format of Object.values(registries.formats)) {
    const content = await format.render(result, evidence);
    if (!wanted(format.file, content)) continue;
    const path = join(into, format.file);
    writeWhole(path, content);
    written.push(path);
  }
  return written;
}

/** Never a half file under its real name, also where two write the same at once. */
function writeWhole(path: string, content: string | Uint8Array): void {
  orCannotBeWritten(dirname(path), () => {
    // A bundle may come from anywhere, and a link of a name that is known would lead elsewhere.
    const partial = `${path}.${randomBytes(4).toString('hex')}.partial`;
    try {
      writeFileSync(partial, content, { flag: 'wx' });
      renameSync(partial, path);
    } catch (error) {
      rmSync(partial, { force: true });
      throw error;
    }
  });
}

function orCannotBeWritten(folder: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw environmentError('the reports cannot be written', {
      found: messageOf(error),
      expected: `a folder that can be written, with room: ${folder}`,
      hint: '--out names another one',
      cause: error,
    });
  }
}
