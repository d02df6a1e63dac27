import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { attachmentPattern } from '../core/attachment.ts';
import { attachedFiles } from './attachments.ts';
import { isPlainFile, sha256OfFile } from './bundle-files.ts';

export const manifestName = 'manifest.json';

const manifestSchema = z.object({
  schema: z.literal('muster/bundle/v1'),
  drill: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
});
type BundleManifest = z.infer<typeof manifestSchema>;

/** No manifest of a bundle comes near it; what does is none. */
const manifestBytesMax = 16 * 1024 * 1024;

/** What a drill recorded, and every judgement rests on, as far as it is there. */
export const evidenceOf = (folder: string): string[] =>
  ['events.jsonl', 'ledger.bin', ...attachedFiles(folder)].filter((name) => existsSync(join(folder, name)));

/** The text of a manifest: path, size and SHA-256 of each file. */
export function manifestOf(folder: string, drill: string, names: readonly string[]): string {
  const files = names.map((path) => ({
    path,
    bytes: statSync(join(folder, path)).size,
    sha256: sha256OfFile(join(folder, path)),
  }));
  return `${JSON.stringify({ schema: 'muster/bundle/v1', drill, files }, null, 2)}\n`;
}

/**
 * How the files in a folder differ from what its manifest says of them. A report that is not there can be
 * rendered again, and is no contradiction; one that is there and differs is, and so is one that the manifest
 * leaves out. `reports`: names of files that are some.
 */
export function contradictionsOf(folder: string, drill: string, reports: readonly string[]): string[] {
  const manifest = read(folder);
  if (!manifest) return [`${manifestName} is not a bundle's manifest`];
  const said = new Map(manifest.files.map((file) => [file.path, file]));
  const twice = manifest.files.find((file) => said.get(file.path) !== file);
  if (twice) return [`${manifestName} names ${twice.path} twice`];
  const evidence = evidenceOf(folder);
  const there = [...new Set([...evidence, ...said.keys(), ...reports])].filter(
    (name) => (name === basename(name) || attachmentPattern.test(name)) && existsSync(join(folder, name)),
  );
  const gone = [...said.keys()]
    .filter((name) => isEvidence(name) && !evidence.includes(name))
    .map((name) => `${name} is missing, and ${manifestName} has it`);
  const other = manifest.drill === drill ? [] : [`${manifestName} is that of drill ${manifest.drill}`];
  return [
    ...other,
    ...gone,
    ...there.flatMap((name) => {
      const file = said.get(name);
      if (!file) return [`${manifestName} says nothing of ${name}`];
      if (!isPlainFile(join(folder, name))) return [`${name} is no plain file`];
      const { size } = statSync(join(folder, name));
      if (size !== file.bytes)
        return [`${name} is not what ${manifestName} says: ${size} bytes, expected ${file.bytes}`];
      const found = sha256OfFile(join(folder, name));
      return found === file.sha256
        ? []
        : [
            `${name} is not what ${manifestName} says: SHA-256 ${found.slice(0, 12)}…, expected ${file.sha256.slice(0, 12)}…`,
          ];
    }),
  ];
}

/**
 * SHA-256 by name of what a folder's manifest vouches for, nothing where it is none; null where there is no
 * manifest.
 */
export function vouchedFor(folder: string): Map<string, string> | null {
  if (!lstatSync(join(folder, manifestName), { throwIfNoEntry: false })) return null;
  return new Map(read(folder)?.files.map(({ path, sha256 }) => [path, sha256]));
}

const isEvidence = (name: string): boolean =>
  name === 'events.jsonl' || name === 'ledger.bin' || attachmentPattern.test(name);

function read(folder: string): BundleManifest | null {
  const path = join(folder, manifestName);
  if (!isPlainFile(path) || statSync(path).size > manifestBytesMax) return null;
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}
