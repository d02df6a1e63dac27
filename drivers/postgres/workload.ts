import type { DataClient, DataWorkload } from '../../core/workload.ts';
import { messageOf } from '../../core/errors.ts';
import { OperationError } from '../../core/ledger.ts';
import { assertAllRead, ledgerWorkload, readFailed } from '../sql/workload.ts';
import { createConnections, type Connections } from './connections.ts';
import { isAbsent, literal, quoted, withSession, type PostgresSite } from './server.ts';
import { openLink, sessionOf, severityOf } from './session.ts';

/** Several writers may wait for the same flush to disk at a time. */
const connectionLimit = 12;
const silenceMs = 30_000;
const fetchedAtOnce = 5_000;

/** Begins the names of all tables that Muster makes in its schema. */
export const ledgerPrefix = 'ledger_';

/** `schema.table`, for people and for faults. */
export const ledgerTable = ({ config, component }: Pick<PostgresSite, 'config' | 'component'>): string =>
  `${config.schema}.${ledgerPrefix}${component
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, '_')
    .slice(0, 50)}`;

const quotedTable = (site: Pick<PostgresSite, 'config' | 'component'>): string =>
  ledgerTable(site).split('.').map(quoted).join('.');

export const dataWorkload = (site: PostgresSite): DataWorkload =>
  ledgerWorkload({
    prepare: () =>
      withSession(site, async ({ rows }) => {
        const table = quotedTable(site);
        await rows(`CREATE SCHEMA IF NOT EXISTS ${quoted(site.config.schema)}`);
        await rows(
          `CREATE TABLE IF NOT EXISTS ${table} (pk bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id bigint NOT NULL, value text NOT NULL)`,
        );
        const index = `${ledgerTable(site).split('.')[1]!}_id`;
        await rows(`CREATE INDEX IF NOT EXISTS ${quoted(index)} ON ${table} (id)`);
      }),
    open: async () => openClient(site),
    readBack: (emit) => readBack(site, emit),
  });

function openClient(site: PostgresSite): DataClient {
  const table = quotedTable(site);
  const connections = createConnections({
    account: site.account,
    database: site.database,
    clients: site.clients,
    clock: site.clock,
    limit: connectionLimit,
  });
  return {
    write: (ids, values) => {
      const rows = ids.map((id, i) => `(${id}, ${literal(values[i]!)})`);
      return transaction(
        connections,
        `BEGIN; DELETE FROM ${table} WHERE id IN (${ids.join(', ')}); INSERT INTO ${table} (id, value) VALUES ${rows.join(', ')}`,
      );
    },
    remove: (id) => transaction(connections, `BEGIN; DELETE FROM ${table} WHERE id = ${id}`),
    read: (id) =>
      connections.use(async (client) => {
        const rows = await sessionOf({ client })
          .rows<{ value: string }>(`SELECT value FROM ${table} WHERE id = ${id} ORDER BY pk DESC LIMIT 1`)
          .catch(readFailed);
        return rows[0]?.value ?? null;
      }),
    close: async () => connections.close(),
  };
}

/**
 * Two round trips. Whatever goes wrong in the first is certain: COMMIT was never sent, and the server rolls
 * back what a lost connection left. Once COMMIT is on its way its answer alone is certain: that it was done;
 * that it was a rollback, which is how the server answers where the transaction had failed; or an error of
 * the statement, after which there is none. A server that is ending may have committed before it said so.
 */
const transaction = (connections: Connections, changes: string): Promise<void> =>
  connections.use(async (client) => {
    const refused = (what: string, certain: boolean, error?: unknown): OperationError =>
      new OperationError(error === undefined ? what : `${what}: ${messageOf(error)}`, certain, error);
    try {
      await client.query(changes);
    } catch (error) {
      throw refused('not written', true, error);
    }
    let answer: string;
    try {
      answer = (await client.query('COMMIT')).command;
    } catch (error) {
      const certain = severityOf(error) === 'ERROR';
      throw refused(certain ? 'not written' : 'COMMIT was not answered', certain, error);
    }
    if (answer !== 'COMMIT') throw refused(`not written: COMMIT was answered by ${answer}`, true);
  });

/** No index has a say: one may lack what a damaged page brought back, or have what is gone. */
const fromTheRows =
  'SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off; BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY';

/**
 * Everything in one snapshot, from the rows themselves. A table that is not there holds nothing: that is an
 * answer. Rejects otherwise.
 */
async function readBack(site: PostgresSite, emit: (id: number, value: string) => void): Promise<void> {
  const table = quotedTable(site);
  try {
    const link = await openLink(await site.clients(), site.account, {
      database: site.database,
      withinMs: silenceMs,
      answerMs: silenceMs,
    });
    try {
      const { rows } = sessionOf(link);
      await rows(fromTheRows);
      const [counted] = await rows<{ total: string }>(`SELECT count(*) AS total FROM ${table}`);
      await rows(`DECLARE everything NO SCROLL CURSOR FOR SELECT id, value FROM ${table} ORDER BY pk`);
      let seen = 0;
      for (let last = fetchedAtOnce; last === fetchedAtOnce; ) {
        const some = await rows<{ id: string; value: string }>(`FETCH ${fetchedAtOnce} FROM everything`);
        for (const { id, value } of some) emit(Number(id), value);
        last = some.length;
        seen += last;
      }
      assertAllRead(seen, Number(counted!.total));
    } finally {
      link.destroy();
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}
