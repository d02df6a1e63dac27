import { Transform } from 'node:stream';
import type { Recognised } from '../core/existing.ts';

/** What a file that holds a backup of something else begins with, and what it is. */
const others: readonly (readonly [begins: (head: Buffer, text: string) => boolean, what: string])[] = [
  [(_, text) => text.startsWith('PGDMP'), 'an archive of pg_dump, of PostgreSQL'],
  [(_, text) => /^-- PostgreSQL database (?:cluster )?dump/m.test(text), 'a dump of PostgreSQL'],
  [(_, text) => /^\/\*M?!999999/m.test(text) || /^-- MariaDB dump/m.test(text), 'a dump of MariaDB'],
  [(_, text) => /^-- MySQL dump/m.test(text), 'a dump of MySQL'],
  [(_, text) => /^REDIS\d{4}/.test(text), 'a snapshot (RDB) of Redis'],
  [(_, text) => /^VALKEY\d{3}/.test(text), 'a snapshot (RDB) of Valkey'],
  [(_, text) => text.startsWith('SQLite format 3'), 'a database of SQLite'],
  [(head) => head.subarray(257, 262).toString('latin1') === 'ustar', 'a tar archive'],
];

/** What it is in words, when it is something that is known; null otherwise. */
export function knownAs(head: Buffer): string | null {
  const text = head.subarray(0, 4096).toString('latin1');
  return others.find(([begins]) => begins(head, text))?.[1] ?? null;
}

/** What a dump tool said is in the place of its dump: a shell sent both to one file. */
export function complaintIn(head: Buffer): string | null {
  const text = head.subarray(0, 4096).toString('utf8');
  return /^(?:(?:mysql|mariadb|my)dump|pg_dump(?:all)?|redis-cli)(?:\.exe)?: .*$/m.exec(text)?.[0] ?? null;
}

/** What is nothing that this driver restores: something else, a complaint, or nothing that is known. */
export function notOurs(head: Buffer, wanted: string): Recognised & { is: 'other' | 'broken' } {
  if (head.length === 0) return { is: 'broken', why: 'it is empty: nothing is in it' };
  const complaint = complaintIn(head);
  if (complaint !== null)
    return { is: 'broken', why: `it holds what the tool complained of in the place of a dump: ${complaint}` };
  const other = knownAs(head);
  if (other !== null) return { is: 'other', why: `it is ${other}, and not ${wanted}` };
  return {
    is: 'broken',
    why: `it is not ${wanted}: it begins with ${JSON.stringify(head.subarray(0, 24).toString('latin1'))}`,
  };
}

/** Passes everything on, and remembers as much of the end; `look` has each chunk before it is passed on. */
export function rememberingEnd(
  bytes: number,
  progress: (seen: number) => void,
  look: (chunk: Buffer) => void = () => undefined,
): { through: Transform; end(): Buffer; seen(): number } {
  let end: Buffer = Buffer.alloc(0);
  let seen = 0;
  const through = new Transform({
    highWaterMark: 1024 * 1024,
    transform: (chunk: Buffer, _encoding, done) => {
      seen += chunk.length;
      end = chunk.length >= bytes ? chunk : Buffer.concat([end.subarray(-bytes), chunk]);
      look(chunk);
      progress(seen);
      done(null, chunk);
    },
  });
  return { through, end: () => end.subarray(-bytes), seen: () => seen };
}

/** `8.4.3` as numbers, to be compared; what is left out is 0. */
export const versionOf = (text: string): number[] =>
  text.split('.').map((part) => Number.parseInt(part, 10) || 0);

/** Whether a version is newer than another one in its first `parts`. */
export function isNewer(one: string, than: string, parts: number): boolean {
  const [a, b] = [versionOf(one), versionOf(than)];
  for (let i = 0; i < parts; i += 1) if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) > (b[i] ?? 0);
  return false;
}
