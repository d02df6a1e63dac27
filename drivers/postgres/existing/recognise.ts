import type { ExistingPlan } from '../../../core/existing-plan.ts';
import type { Recognised, Said } from '../../../core/existing.ts';
import { messageOf } from '../../../core/errors.ts';
import { isTar } from '../../existing-folder.ts';
import { complaintIn, isNewer, knownAs, notOurs } from '../../existing-text.ts';
import { readList } from '../archive-list.ts';
import { watchArchive } from '../archive.ts';
import { directoryIn } from './directory.ts';

const wanted = 'a dump of PostgreSQL';

/**
 * `pg_dump`: of one database, in SQL. `pg_dumpall`: of all, with their roles. `custom`: an archive.
 * `directory`: `pg_dump --format=directory`, or a tar of what that wrote.
 */
export type Format = 'pg_dump' | 'pg_dumpall' | 'custom' | 'directory' | 'sql' | 'data folder';

const isSql = (text: string): boolean =>
  !text.includes('\0') &&
  /\b(?:CREATE\s+(?:TABLE|SCHEMA|DATABASE)|INSERT\s+INTO|COPY\s+\S+.*\s+FROM\s+stdin)\b/i.test(text);

/** The database that a dump makes for itself, and leaves all else alone. */
export const createsDatabase = (text: string): string | null => {
  const match = /^CREATE DATABASE (?:"((?:[^"]|"")+)"|([\w$]+))/m.exec(text);
  return match ? (match[1]?.replaceAll('""', '"') ?? match[2]!) : null;
};

function saidIn(text: string): Said {
  const server = /^-- Dumped from database version (\S+)/m.exec(text)?.[1];
  const tool = /^-- Dumped by pg_dump version (\S+)/m.exec(text)?.[1];
  const at = /^-- Started on (.+)$/m.exec(text)?.[1];
  return {
    tool: tool === undefined ? null : `pg_dump ${tool}`,
    server: server === undefined ? null : `PostgreSQL ${server}`,
    database: createsDatabase(text),
    madeAt: at ?? null,
  };
}

function formatOf(head: Buffer, text: string): Format | null {
  if (text.startsWith('PGDMP')) return 'custom';
  if (/^-- PostgreSQL database cluster dump/m.test(text.slice(0, 4096))) return 'pg_dumpall';
  if (/^-- PostgreSQL database dump/m.test(text.slice(0, 4096))) return 'pg_dump';
  return knownAs(head) === null && complaintIn(head) === null && isSql(text) ? 'sql' : null;
}

/** Of an archive what its head says, where the list in it ends among the first bytes. */
function saidByArchive(head: Buffer): Said | string {
  const watch = watchArchive({ beyond: true });
  try {
    watch.see(head);
  } catch (error) {
    return messageOf(error);
  }
  return saidOf(watch.head());
}

/** Nothing where the list comes later, or is longer than what was read so far. */
function saidByList(list: Buffer): Said | string {
  try {
    return saidOf(readList(list)?.head ?? null);
  } catch (error) {
    return messageOf(error);
  }
}

export function saidOf(head: ReturnType<ReturnType<typeof watchArchive>['head']>): Said {
  return {
    tool: head ? `pg_dump ${head.dumpVersion}` : null,
    server: head ? `PostgreSQL ${head.serverVersion}` : null,
    database: head?.database ?? null,
    madeAt: head?.madeAt ?? null,
  };
}

/** `server`: of the sandbox, `PostgreSQL 17.6`. */
export function recogniseDump(head: Buffer, server: string, declared: ExistingPlan): Recognised {
  const directory = isTar(head) ? directoryIn(head) : null;
  if (isTar(head) && !directory) return { is: 'ours', format: 'data folder', said: saidOf(null) };
  const text = head.toString('latin1');
  const format = directory ? 'directory' : formatOf(head, text);
  if (format === null) return notOurs(head, wanted);
  const said =
    format === 'custom' ? saidByArchive(head) : directory ? saidByList(directory.list) : saidIn(text);
  if (typeof said === 'string') return { is: 'broken', why: said };
  const { database } = declared;
  if (
    database !== undefined &&
    format !== 'pg_dumpall' &&
    said.database !== null &&
    said.database !== database
  )
    return { is: 'other', why: `it is a dump of database ${said.database}, and not of ${database}` };
  const [here, there] = [server, said.server ?? ''].map((one) => /[\d.]+/.exec(one)?.[0] ?? '');
  if (there !== '' && isNewer(there!, here!, 1))
    return {
      is: 'broken',
      why: `it was made on PostgreSQL ${there}, and the server of the compose file is ${here}: an older server is not made to load it`,
    };
  return { is: 'ours', format, said };
}
