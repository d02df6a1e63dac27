import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { isOutput, outputFiles } from './command-output.ts';

export const manifestName = 'manifest.json';

const manifestSchema = z.object({
  schema: z.literal('muster/bundle/v1'),
  drill: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
});

const sha256Of = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** What a drill recorded, and every judgement rests on, as far as it is there. */
export const evidenceOf = (folder: string): string[] => ['events.jsonl', 'ledger.bin', ...outputFiles(folder)].filter((name) => existsSync(join(folder, name)));

/** The text of a manifest: path, size and SHA-256 of each file. */
export const manifestOf = (drill: string, files: readonly string[]): string =>
  `${JSON.stringify({ schema: 'muster/bundle/v1', drill, files: files.map((path) => ({ path: basename(path), bytes: statSync(path).size, sha256: sha256Of(path) })) }, null, 2)}\n`;

/**
 * How the evidence in a folder differs from what its manifest says of it; nothing where there is no manifest, as after a
 * kill -9. Reports are not looked at: they follow from the evidence.
 */
export function contradictionsOf(folder: string): string[] {
  const path = join(folder, manifestName);
  if (!existsSync(path)) return [];
  const manifest = parsed(readFileSync(path, 'utf8'));
  if (!manifest) return [`${manifestName} is not a bundle's manifest`];
  const said = new Map(manifest.files.map((file) => [file.path, file]));
  const evidence = evidenceOf(folder);
  const gone = [...said.keys()].filter((name) => isEvidence(name) && !evidence.includes(name)).map((name) => `${name} is missing, and ${manifestName} has it`);
  return [...gone, ...evidence.flatMap((name) => {
    const file = said.get(name);
    if (!file) return [`${manifestName} says nothing of ${name}`];
    const found = sha256Of(join(folder, name));
    return found === file.sha256 ? [] : [`${name} is not what ${manifestName} says: SHA-256 ${found.slice(0, 12)}…, expected ${file.sha256.slice(0, 12)}…`];
  })];
}

const isEvidence = (name: string): boolean => name === 'events.jsonl' || name === 'ledger.bin' || isOutput(name);

function parsed(text: string): z.infer<typeof manifestSchema> | null {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
