import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LedgerAnalysis } from '../core/analysis.ts';
import { environmentError, inputError, messageOf } from '../core/errors.ts';
import type { Registries } from '../core/registries.ts';
import type { DrillResult } from '../core/result.ts';
import { readChain, type TimelineEvent } from '../core/timeline.ts';
import { judge } from '../measures/judge.ts';
import { analyseLedger } from '../measures/ledger-judge.ts';
import { outputDamage } from './command-output.ts';
import { ledgerDamage, openLedger } from './ledger-file.ts';
import { contradictionsOf, evidenceOf, manifestName, manifestOf } from './manifest.ts';

export interface Judged {
  result: DrillResult;
  /** What is wrong with the bundle itself; null when it is whole. */
  damage: string | null;
  /** The evidence is not what the bundle's manifest says of it: nothing may vouch for it anew. */
  altered: boolean;
}

/**
 * Judges a bundle from what lies in its folder and nothing else, so that it can be done again years later with the
 * same result. What contradicts its manifest never passes, however well it is made. A timeline that is cut off (Muster was killed) is judged as far as it is valid, and never passes.
 */
export function judgeBundle(folder: string, registries: Registries): Judged {
  const { events, damage } = openTimeline(folder);
  const path = join(folder, 'ledger.bin');
  const ledgerTrouble = existsSync(path) ? ledgerDamage(path, events) : 'ledger.bin is missing';
  const contradictions = contradictionsOf(folder);
  const troubles = [damage, ledgerTrouble, outputDamage(folder, events), ...contradictions].filter((trouble) => trouble !== null);
  const trouble = troubles.length > 0 ? troubles.join('; ') : null;
  const result = judge({ events, ledger: analyse(path, events, trouble), measures: registries.measures });
  return { result, damage: trouble, altered: contradictions.length > 0 };
}

function openTimeline(folder: string): { events: TimelineEvent[]; damage: string | null } {
  const path = join(folder, 'events.jsonl');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw inputError(`${folder} is not a drill's bundle`, { found: messageOf(error), expected: 'a folder with events.jsonl', hint: 'bundles lie in .muster/drills/<id>' });
  }
  const { events, broken } = readChain(text);
  if (events[0]?.type !== 'drill.begun') throw inputError(`${path} holds no drill`, { found: broken ? `line ${broken.line}: ${broken.reason}` : 'an empty file', expected: 'a timeline that begins with drill.begun' });
  return { events, damage: broken ? `events.jsonl line ${broken.line}: ${broken.reason}` : null };
}

function analyse(path: string, events: TimelineEvent[], trouble: string | null): LedgerAnalysis {
  if (!existsSync(path)) return { loads: [], damage: trouble };
  return { ...analyseLedger(openLedger(path), events), ...(trouble ? { damage: trouble } : {}) };
}

/** Writes every report, and last the manifest with the size and SHA-256 of each file, unless the evidence is `altered`. Returns the files' paths. Throws an environment error when they cannot be written. */
export function writeReports(folder: string, result: DrillResult, registries: Registries, { into = folder, altered = false }: { into?: string; altered?: boolean } = {}): string[] {
  const written: string[] = [];
  attempt(into, () => mkdirSync(into, { recursive: true }));
  for (const format of Object.values(registries.formats)) {
    const path = join(into, format.file);
    writeWhole(path, format.render(result));
    written.push(path);
  }
  if (altered) return written;
  const manifest = join(into, manifestName);
  writeWhole(manifest, manifestOf(result.drill, [...evidenceOf(folder).map((name) => join(folder, name)), ...written]));
  return [...written, manifest];
}

/** Never a half file under its real name. */
function writeWhole(path: string, content: string | Uint8Array): void {
  attempt(dirname(path), () => {
    try {
      writeFileSync(`${path}.partial`, content);
      renameSync(`${path}.partial`, path);
    } catch (error) {
      rmSync(`${path}.partial`, { force: true });
      throw error;
    }
  });
}

function attempt(folder: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw environmentError('the reports cannot be written', { found: messageOf(error), expected: `a folder that can be written, with room: ${folder}`, hint: '--out names another one', cause: error });
  }
}
