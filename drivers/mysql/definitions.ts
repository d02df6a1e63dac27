import { createHash } from 'node:crypto';
import { environmentError, messageOf } from '../../core/errors.ts';
import { serverSchemas, type DumpOptions } from './config.ts';
import type { MysqlSite } from './site.ts';
import type { Session } from './session.ts';

/** Definitions that are the same from the beginning of a dump to its end. */
export interface Steady {
  /** Once the snapshot is open. */
  hold(): Promise<void>;
  /** At the end. Rejects where they may have changed. */
  release(): Promise<void>;
}

/** By the server's own lock, where it has one; else by a look before and one after. */
export async function steadyDefinitions(
  { product }: MysqlSite,
  session: Session,
  options: DumpOptions,
): Promise<Steady> {
  if (product.definitionsLock !== null) return locked(session, product.definitionsLock, options);
  const before = await look(session);
  return {
    hold: async () => undefined,
    release: async () => {
      const after = await look(session);
      const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
        (name) => before.get(name) !== after.get(name),
      );
      if (changed.length > 0)
        throw environmentError('definitions changed during the dump: it may lack rows', {
          found: changed.slice(0, 5).join(', '),
          expected: 'tables that nobody makes, alters, renames, empties or drops meanwhile',
        });
    },
  };
}

const locked = (
  session: Session,
  { take, release }: { take: string; release: string },
  { lockWaitSeconds }: DumpOptions,
): Steady => ({
  hold: async () => {
    await session.rows('SET SESSION lock_wait_timeout = ?', [lockWaitSeconds]);
    await session.rows(take).catch((error: unknown) => {
      throw environmentError('definitions cannot be kept from changing during the dump', {
        found: messageOf(error),
        expected: `the backup lock within ${lockWaitSeconds} s`,
        hint: 'something is altering tables, or the account lacks BACKUP_ADMIN',
        cause: error,
      });
    });
  },
  // The lock goes with the session: only a session that lived to this point has held it throughout.
  release: async () => {
    await session.rows(release).catch((error: unknown) => {
      throw environmentError('the lock on definitions was lost during the dump', {
        found: messageOf(error),
        expected: 'a lock that holds to the end',
        cause: error,
      });
    });
  },
});

/** Of each table a digest of what InnoDB calls it and of its columns: another one after every definition. */
async function look({ rows }: Session): Promise<Map<string, string>> {
  const ids = await rows<{ name: string; id: string }>(
    "SELECT REPLACE(name, '/', '.') AS name, CONCAT(table_id, ' ', flag, ' ', n_cols, ' ', space) AS id FROM information_schema.innodb_sys_tables WHERE name LIKE '%/%' AND name NOT LIKE '%#%' AND SUBSTRING_INDEX(name, '/', 1) NOT IN (?)",
    [serverSchemas],
  );
  const columns = await rows<{ name: string; one: string }>(
    "SELECT CONCAT(table_schema, '.', table_name) AS name, CONCAT_WS(' ', ordinal_position, column_name, column_type, is_nullable, collation_name, extra) AS one FROM information_schema.columns WHERE table_schema NOT IN (?) ORDER BY table_schema, table_name, ordinal_position",
    [serverSchemas],
  );
  const texts = new Map<string, string[]>();
  const add = (name: string, text: string): void => void texts.set(name, [...(texts.get(name) ?? []), text]);
  for (const { name, id } of ids) add(name, id);
  for (const { name, one } of columns) add(name, one);
  return new Map(
    [...texts].map(([name, text]) => [name, createHash('sha256').update(text.join('\n')).digest('hex')]),
  );
}
