import { encryptionOf, filesOf, type RecoveryPoint } from '../core/recovery-point.ts';
import { environmentError } from '../core/errors.ts';
import { checkPath } from './key.ts';

/**
 * Where things lie in every store:
 *
 *     points/<component>/<backup>/<id>/files/<name>.zst[.enc]
 *     points/<component>/<backup>/<id>/point.prepared     written when every file is in every copy
 *     points/<component>/<backup>/<id>/point.json         written when `prepared` is in every copy: it is one
 *     logs/<component>/<backup>/<drill>/<number>.zst[.enc]    numbered from 0, without gaps
 *
 * Whoever finds a `point.json` in one store knows, without asking any other store, that every copy is
 * complete: a store of a lost region need not answer. Encrypted, `prepared` is also its seal.
 */

/** Which recovery point is meant. */
export interface PointAt {
  component: string;
  backup: string;
  id: string;
}
export const pointsPrefix = (component: string, backup: string): string =>
  `points/${name(component)}/${name(backup)}/`;
export const pointPrefix = (at: PointAt): string => `${pointsPrefix(at.component, at.backup)}${name(at.id)}/`;
export const pointKey = (at: PointAt): string => `${pointPrefix(at)}point.json`;
export const preparedKey = (at: PointAt): string => `${pointPrefix(at)}point.prepared`;
export const fileKey = (at: PointAt, file: string, encrypted: boolean): string =>
  `${pointPrefix(at)}files/${checkPath(file, 'a file name')}${suffix(encrypted)}`;

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

const laidOut =
  /^(?:points(?:\/[^/]+){3}\/(?:files\/.+|point\.(?:json|prepared))|logs(?:\/[^/]+){3}\/\d{10}\.zst(?:\.enc)?)$/;
/** Whether a key is one of these. */
export const isLaidOut = (key: string): boolean => laidOut.test(key);

/** Number of a segment, and whether it is encrypted; null for a key that is none of ours. */
export function parseSegmentKey(key: string): { segment: number; encrypted: boolean } | null {
  const match = /\/(\d{10})\.zst(\.enc)?$/.exec(key);
  return match ? { segment: Number(match[1]), encrypted: match[2] !== undefined } : null;
}

/**
 * What an encrypted object of a point is bound to: with another name, or in another point, it does not open.
 */
export const fileBinding = (at: PointAt, object: 'file' | 'point', file: string): Record<string, string> => ({
  schema: 'muster/recovery-point/v2',
  component: at.component,
  backup: at.backup,
  id: at.id,
  object,
  name: file,
});
export const segmentBinding = (
  component: string,
  backup: string,
  segment: number,
): Record<string, string> => ({
  schema: 'muster/segment/v2',
  component,
  backup,
  segment: String(segment),
});

/** Refuses a recovery point whose names or keys would lead anywhere but to its own files. */
export function checkPaths(point: RecoveryPoint): void {
  const seen = new Set<string>();
  const refused = (why: string, found: string, expected?: string): Error =>
    environmentError(`recovery point ${point.id} is refused: ${why}`, { found, expected });
  for (const file of filesOf(point)) {
    checkPath(file.name, `a file name in recovery point ${point.id}`, 'environment');
    const expected = fileKey(point, file.name, encryptionOf(point) !== null);
    if (file.key !== expected) throw refused(`the key of ${file.name} is not its own`, file.key, expected);
    if (seen.has(file.name)) throw refused('it names a file twice', file.name);
    seen.add(file.name);
  }
  for (const file of seen) {
    const names = file.split('/');
    const folder = names.map((_, i) => names.slice(0, i).join('/')).find((one) => seen.has(one));
    if (folder !== undefined) throw refused(`${folder} is both a file and a folder`, `${folder} and ${file}`);
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
