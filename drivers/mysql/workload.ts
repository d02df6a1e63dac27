import type { Connection } from 'mysql2';
import type { DataClient, DataWorkload } from '../../core/workload.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import { OperationError } from '../../core/ledger.ts';
import { assertAllRead, ledgerWorkload, readFailed } from '../sql/workload.ts';
import { ownDatabase } from './config.ts';
import { createConnections, openConnection, run, type Connections } from './connections.ts';
import { ownPrefix } from './own-tables.ts';
import { isDenied } from './rights.ts';
import { isReadOnlyRefusal } from './write-attempt.ts';
import type { MysqlSite } from './site.ts';
import { quoted, serverCode, withSession, type Session } from './session.ts';

/**
 * More than one transaction can be in the same flush to disk, so that writers do not wait for one another's.
 */
const connectionLimit = 24;
const silenceMs = 30_000;

/** `database.table`, for people and for faults. */
export const ledgerTable = ({ config, component }: Pick<MysqlSite, 'config' | 'component'>): string =>
  `${config.database}.${config.database === ownDatabase ? '' : ownPrefix}ledger_${component.replaceAll(/[^A-Za-z0-9_]/g, '_').slice(0, 50)}`;

const quotedTable = (site: Pick<MysqlSite, 'config' | 'component'>): string =>
  ledgerTable(site).split('.').map(quoted).join('.');

export const dataWorkload = (site: MysqlSite): DataWorkload =>
  ledgerWorkload({
    prepare: () =>
      preparing(site, async ({ rows }) => {
        await rows(`CREATE DATABASE IF NOT EXISTS ${quoted(site.config.database)}`);
        await rows(`CREATE TABLE IF NOT EXISTS ${quotedTable(site)} (
        pk BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, id INT UNSIGNED NOT NULL, value VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, KEY (id)
      ) ENGINE = InnoDB`);
      }),
    open: async () => openClient(site),
    readBack: (emit) => readBack(site, emit),
  });

/** Whose account may not make the table has the wrong one, or the wrong database. */
const preparing = (site: MysqlSite, work: (session: Session) => Promise<void>): Promise<void> =>
  withSession(site, work).catch((error: unknown) => {
    if (!isDenied(error)) throw error;
    const { user, database } = site.config;
    throw environmentError(`${user} may not make the table of the load at ${site.service.name}`, {
      found: messageOf(error),
      expected: `an account that may write to the database ${database}`,
      hint: 'leave config.user out, or name by config.database one that it may write to',
      cause: error,
    });
  });

function openClient(site: MysqlSite): DataClient {
  const table = quotedTable(site);
  // By the index even where the server, its figures behind the writes, would read the whole table: that waits
  // for each row that another writer has not committed. Where that writer waits for the flush that a dump
  // begins with, and the flush for the delete, all stand until one gives up.
  const byId = site.product.deleteById(table);
  const connections = createConnections({
    user: site.config.user,
    password: site.password,
    tls: site.tls,
    clients: site.clients,
    clock: site.clock,
    limit: connectionLimit,
  });
  return {
    write: (ids, values) =>
      transaction(
        connections,
        `START TRANSACTION; ${byId} IN (?); INSERT INTO ${table} (id, value) VALUES ?`,
        [ids, ids.map((id, i) => [id, values[i]])],
      ),
    remove: (id) => transaction(connections, `START TRANSACTION; ${byId} = ?`, [id]),
    read: (id) =>
      connections.use(async (connection) => {
        const rows = await run<{ value: string }[]>(
          connection,
          `SELECT value FROM ${table} FORCE INDEX (id) WHERE id = ? ORDER BY pk DESC LIMIT 1`,
          [id],
        ).catch(readFailed);
        return rows[0]?.value ?? null;
      }),
    close: async () => connections.close(),
  };
}

/**
 * Two round trips. Whatever goes wrong in the first is certain: COMMIT was never sent, and the server rolls
 * back what a lost connection left. Once COMMIT is on its way, nothing but its answer is certain, not even an
 * error of the server; but for the refusal of one that was closed meanwhile, which rolls back before it
 * answers.
 */
const transaction = (connections: Connections, changes: string, values: unknown[]): Promise<void> =>
  connections.use(async (connection) => {
    const step = async (sql: string, certain: boolean, given: unknown[] = []): Promise<void> => {
      try {
        await run(connection, sql, given);
      } catch (error) {
        const refused = certain || isReadOnlyRefusal(error);
        throw new OperationError(
          `${refused ? 'not written' : 'COMMIT was not answered'}: ${messageOf(error)}`,
          refused,
          error,
        );
      }
    };
    await step(changes, true, values);
    await step('COMMIT', false);
  });

/**
 * Everything in one snapshot, from the rows themselves: an index may lack what a damaged page brought back. A
 * table that is not there holds nothing: that is an answer. Rejects otherwise.
 */
async function readBack(site: MysqlSite, emit: (id: number, value: string) => void): Promise<void> {
  const connection = await openConnection(
    { user: site.config.user, password: site.password, tls: site.tls },
    await site.clients(),
  );
  try {
    const [, , [counted]] = await run<[unknown, unknown, [{ total: number }]]>(
      connection,
      `SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT COUNT(*) AS total FROM ${quotedTable(site)} FORCE INDEX (PRIMARY)`,
    );
    const seen = await streamRows(
      connection,
      `SELECT id, value FROM ${quotedTable(site)} FORCE INDEX (PRIMARY) ORDER BY pk`,
      emit,
    );
    assertAllRead(seen, counted.total);
  } catch (error) {
    const code = serverCode(error);
    if (code !== 'ER_NO_SUCH_TABLE' && code !== 'ER_BAD_DB_ERROR') throw error;
  } finally {
    connection.destroy();
  }
}

async function streamRows(
  connection: Connection,
  sql: string,
  emit: (id: number, value: string) => void,
): Promise<number> {
  let seen = 0;
  const silent = (): void => void rows.destroy(new Error(`no row for ${silenceMs} ms`));
  const rows = connection.query({ sql, rowsAsArray: true }).stream({ highWaterMark: 1_000 });
  let timer = setTimeout(silent, silenceMs);
  try {
    for await (const row of rows) {
      const [id, value] = row as [number, string];
      emit(id, value);
      seen += 1;
      if (seen % 1_000 === 0) {
        clearTimeout(timer);
        timer = setTimeout(silent, silenceMs);
      }
    }
  } finally {
    clearTimeout(timer);
  }
  return seen;
}
