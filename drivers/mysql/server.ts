import type { RowDataPacket } from 'mysql2/promise';
import { pollUntil } from '../../core/clock.ts';
import type { AttachContext } from '../../core/driver.ts';
import { environmentError, messageOf, MusterError } from '../../core/errors.ts';
import type { MysqlConfig } from './config.ts';
import type { Product } from './product.ts';
import type { MysqlSite } from './site.ts';
import { probeMs, wantsTls, withSession, type Session } from './session.ts';

/** Whether the account is made so (`REQUIRE SSL`); false where it may not read that of itself. */
const isTlsAccount = ({ rows }: Session): Promise<boolean> =>
  rows<{ type: string }>(
    "SELECT ssl_type AS type FROM mysql.user WHERE CONVERT(CONCAT(user, '@', host) USING utf8mb4) COLLATE utf8mb4_bin = CONVERT(CURRENT_USER() USING utf8mb4) COLLATE utf8mb4_bin",
  ).then(
    ([row]) => Boolean(row?.type),
    () => false,
  );

/**
 * Product, version, data folder as the server calls it, and whether it takes TLS alone. An input error for a
 * server of another product, whose GTIDs, dump and log tools are others, and for one that is too old.
 */
export async function identify(
  context: Pick<AttachContext<MysqlConfig>, 'service' | 'config' | 'clock'>,
  password: string,
  product: Product,
): Promise<{ server: string; dataFolder: string; tls: boolean; tlsAccount: boolean }> {
  try {
    await untilItSpeaks(context, password);
    const tls = await wantsTls({ ...context, password });
    return await withSession({ ...context, password, tls }, async (session) => {
      const { rows } = session;
      const [row] = await rows<{ version: string; folder: string }>(
        'SELECT @@version AS version, @@datadir AS folder',
      );
      const [version, major, minor] = /^(\d+)\.(\d+)[\d.]*/.exec(row!.version) ?? [row!.version, 0, 0];
      const oldest = product.oldest;
      const isOld = Number(major) < oldest[0] || (Number(major) === oldest[0] && Number(minor) < oldest[1]);
      if (!product.answers(row!.version) || isOld)
        throw new MusterError('input', `${context.service.name} is no server of this driver`, {
          found: row!.version,
          expected: `${product.name} ${oldest.join('.')} or later`,
          ...(isOld ? {} : { hint: 'the drivers mysql and mariadb are for one of the two each' }),
        });
      return {
        server: `${product.name} ${version}`,
        dataFolder: row!.folder.replace(/\/+$/, ''),
        tls,
        tlsAccount: tls && (await isTlsAccount(session)),
      };
    });
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw environmentError(`${context.service.name} does not let Muster in as ${context.config.user}`, {
      found: messageOf(error),
      expected: `a ${product.name} server and the right password`,
      hint: `the password comes from the secret ${passwordName({ ...context, product })}`,
      cause: error,
    });
  }
}

/** The usual one where the strategy says none. */
export const passwordName = ({ config, product }: Pick<MysqlSite, 'config' | 'product'>): string =>
  config.passwordFrom ?? product.passwords[0]!;

const speaksMs = 120_000;
const notYet = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'PROTOCOL_CONNECTION_LOST'];

/**
 * A service without a health check counts as up before its server is: an empty data folder is made first, by
 * a server that listens to nobody. Whatever the server itself says, a refusal too, ends the waiting, and so
 * does the end of its container.
 */
const untilItSpeaks = (
  context: Pick<AttachContext<MysqlConfig>, 'service' | 'config' | 'clock'>,
  password: string,
): Promise<unknown> =>
  pollUntil(context.clock, { everyMs: 100, deadlineMs: speaksMs }, () =>
    withSession({ ...context, password }, async () => true).catch(
      (error: unknown) => !notYet.includes((error as { code?: string }).code ?? ''),
    ),
  );

/**
 * True when the server does what it is there for: a primary takes queries and writes, a replica answers and
 * receives. From one that was fenced nothing is expected.
 */
export async function isReady(site: MysqlSite): Promise<boolean> {
  const { role } = site.replicaState;
  if (role === 'fenced') return true;
  try {
    return await withSession(
      site,
      async ({ connection }) => {
        const query = async (sql: string): Promise<RowDataPacket[]> =>
          (await connection.query<RowDataPacket[]>({ sql, timeout: probeMs }))[0];
        if (role === 'replica')
          return (await query('SHOW REPLICA STATUS')).some(
            (row) => row['Replica_IO_Running'] === 'Yes' && row['Replica_SQL_Running'] === 'Yes',
          );
        return Number((await query(site.product.shut))[0]!['shut']) === 0;
      },
      probeMs,
    );
  } catch {
    return false;
  }
}
