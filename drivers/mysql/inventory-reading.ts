import { createHash } from 'node:crypto';
import { serverCode, type Session } from './session.ts';

/** What the account was not let read, in words. What is compared without it proves nothing about it. */
export type Unread = Set<string>;

const refusals = /^ER_(?:\w*ACCESS_DENIED\w*|PROCACCESS_DENIED_ERROR|NONEXISTING_GRANT|VIEW_NO_EXPLAIN)$/;

/**
 * Does the work. Null, and `what` among the unread, when the server refuses it to this account; any other
 * error passes through.
 */
export async function readable<T>(unread: Unread, what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!refusals.test(serverCode(error) ?? '')) throw error;
    unread.add(what);
    return null;
  }
}

/** Privileges everywhere without which the server hides objects, and does not say that it does. */
const seeing = ['SELECT', 'SHOW DATABASES', 'SHOW VIEW', 'TRIGGER', 'EVENT'];

/** What is hidden from this account, in words; empty for one that sees everything. */
export async function hidden({ rows }: Session): Promise<string[]> {
  const lines = (await rows<Record<string, string>>('SHOW GRANTS')).map((row) => Object.values(row)[0]!);
  const held = lines.flatMap((line) => /^GRANT (.+) ON \*\.\* TO /.exec(line)?.[1]?.split(', ') ?? []);
  const lacking = held.includes('ALL PRIVILEGES') ? [] : seeing.filter((one) => !held.includes(one));
  const revoked = lines.flatMap((line) => /^REVOKE (.+ ON .+) FROM /.exec(line)?.[1] ?? []);
  return [
    ...(lacking.length > 0 ? [`whatever takes ${lacking.join(', ')} on *.* to be seen`] : []),
    ...revoked.map((what) => `whatever takes ${what} to be seen`),
  ];
}

/** The same of one database: there, a privilege on it is as good as one everywhere. */
export async function hiddenIn({ rows }: Session, database: string): Promise<string[]> {
  const lines = (await rows<Record<string, string>>('SHOW GRANTS')).map((row) => Object.values(row)[0]!);
  const held = lines.flatMap((line) => {
    const [, what, where] = /^GRANT (.+) ON (\*|`(?:[^`]|``)+`)\.\* TO /.exec(line) ?? [];
    return what !== undefined && (where === '*' || isLike(database, where!)) ? what.split(', ') : [];
  });
  if (held.includes('ALL PRIVILEGES')) return [];
  const lacking = inDatabase.filter((one) => !held.includes(one));
  return lacking.length > 0 ? [`whatever takes ${lacking.join(', ')} on ${database}.* to be seen`] : [];
}

/** Without the last, routines are not even listed. */
const inDatabase = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT', 'EXECUTE'];

/** Names in grants are patterns: `%` and `_` stand for any, but behind a backslash. */
function isLike(database: string, granted: string): boolean {
  const pattern = granted.slice(1, -1).replaceAll('``', '`');
  const parts = pattern.match(/\\[%_\\]|[\s\S]/g) ?? [];
  const text = parts.map((part) =>
    part === '%' ? '.*' : part === '_' ? '.' : part.slice(-1).replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  );
  return new RegExp(`^${text.join('')}$`, 's').test(database);
}

export const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
