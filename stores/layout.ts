import type { Manifest } from '../core/store.ts';
import { environmentError } from '../core/errors.ts';
import { checkPath } from './key.ts';

/**
 * Where things lie in every store:
 *
 *     points/<component>/<backup>/<point>/files/<name>.zst[.enc]
 *     points/<component>/<backup>/<point>/manifest.prepared     written when every file is in every copy
 * points/<component>/<backup>/<point>/manifest.json         written when `prepared` is in every copy: now it
 * is a recovery point
 *     logs/<component>/<backup>/<drill>/<number>.zst[.enc]      numbered from 0, without gaps
 *
 * Whoever finds a `manifest.json` in one store knows, without asking any other store, that every copy is
 * complete: a store of a lost region need not answer. Encrypted, `prepared` is also the seal of the manifest.
 */
export const pointsPrefix = (component: string, backup: string): string =>
  `points/${name(component)}/${name(backup)}/`;
export const pointPrefix = (at: { component: string; backup: string; point: string }): string =>
  `${pointsPrefix(at.component, at.backup)}${name(at.point)}/`;
export const manifestKey = (at: { component: string; backup: string; point: string }): string =>
  `${pointPrefix(at)}manifest.json`;
export const preparedKey = (at: { component: string; backup: string; point: string }): string =>
  `${pointPrefix(at)}manifest.prepared`;
export const fileKey = (
  at: { component: string; backup: string; point: string },
  file: string,
  encrypted: boolean,
): string => `${pointPrefix(at)}files/${checkPath(file, 'a file name')}${suffix(encrypted)}`;

/** Which log is meant: that of one drill. */
export interface LogAt {
  component: string;
  backup: string;
  drill: string;
}
export const logPrefix = ({ component, backup, drill }: LogAt): string =>
  `logs/${name(component)}/${name(backup)}/${name(drill)}/`;
export const segmentKey = (at: LogAt, segment: number, encrypted: boolean): string =>
  `${logPrefix(at)}${String(segment).padStart(10, '0')}${suffix(encrypted)}`;

/** Number of a segment, and whether it is encrypted; null for a key that is none of ours. */
export function parseSegmentKey(key: string): { segment: number; encrypted: boolean } | null {
  const match = /\/(\d{10})\.zst(\.enc)?$/.exec(key);
  return match ? { segment: Number(match[1]), encrypted: match[2] !== undefined } : null;
}

/**
 * What an encrypted object of a point is bound to: with another name, or in another point, it does not open.
 */
export const fileBinding = (
  at: { component: string; backup: string; point: string },
  object: 'file' | 'manifest',
  file: string,
): Record<string, string> => ({
  schema: 'muster/point/v1',
  component: at.component,
  backup: at.backup,
  point: at.point,
  object,
  name: file,
});
export const segmentBinding = (
  component: string,
  backup: string,
  segment: number,
): Record<string, string> => ({
  schema: 'muster/segment/v1',
  component,
  backup,
  segment: String(segment),
});

/** Refuses a manifest whose names or keys would lead anywhere but to the point's own files. */
export function checkManifestPaths(manifest: Manifest): void {
  const seen = new Set<string>();
  for (const file of manifest.files) {
    checkPath(file.name, `a file name in the manifest of ${manifest.point}`, 'environment');
    const expected = fileKey(manifest, file.name, manifest.encryption !== null);
    if (file.key !== expected)
      throw environmentError(
        `the manifest of ${manifest.point} is refused: the key of ${file.name} is not its own`,
        { found: file.key, expected },
      );
    if (seen.has(file.name))
      throw environmentError(`the manifest of ${manifest.point} is refused: it names a file twice`, {
        found: file.name,
      });
    seen.add(file.name);
  }
  for (const file of seen) {
    const names = file.split('/');
    const folder = names.map((_, i) => names.slice(0, i).join('/')).find((one) => seen.has(one));
    if (folder !== undefined)
      throw environmentError(
        `the manifest of ${manifest.point} is refused: ${folder} is both a file and a folder`,
        { found: `${folder} and ${file}` },
      );
  }
}

const suffix = (encrypted: boolean): string => (encrypted ? '.zst.enc' : '.zst');

function name(text: string): string {
  if (text.includes('/'))
    throw environmentError('a name is refused: it is a path', {
      found: text,
      expected: 'a name without `/`',
    });
  return checkPath(text, 'a name', 'environment');
}
