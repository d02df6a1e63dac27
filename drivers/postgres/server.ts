import type { Clock } from '../../core/clock.ts';
import { environmentError, messageOf, MusterError } from '../../core/errors.ts';
import type { Endpoint, Service } from '../../core/service.ts';
import { asClientsReach } from '../client-endpoint.ts';
import type { KnownAccount } from '../sql/known-accounts.ts';
import type { SqlServer } from '../sql/server.ts';
import { oldest, serverPort, type PostgresConfig } from './config.ts';
import { openLink, serverCode, sessionOf, type Account, type Session } from './session.ts';

export { literal, quoted, serverCode, type Session } from './session.ts';

/** How to reach a server, and as whom. */
export interface Reach {
  service: Service;
  account: Account;
  /** The application's database. */
  database: string;
}

/** The server under test and how to speak with it. */
export interface PostgresSite extends Reach {
  /** Passwords of roles, as far as Muster knows them. */
  known: readonly KnownAccount[];
  component: string;
  config: PostgresConfig;
  clock: Clock;
  seed: number;
  clients(): Promise<Endpoint>;
  note(text: string): void;
  /** `PostgreSQL 17.6` */
  server: string;
  major: number;
  /** Where the server said, at attach, that its data lies, with no link on the way. No trailing slash. */
  dataFolder: string;
  /** Who owns its files: `uid:gid`, as numbers. */
  owner: string;
  /** Where the programs of this very version lie. No trailing slash. */
  programs: string;
  /** Muster's account is no superuser: it sees and makes what it owns, and nothing else. */
  limited: boolean;
}

/**
 * For who asks again and again whether a server is there, or whose waiting a recovery would be charged with.
 */
export const probeMs = 1_000;
/** For everything else: a busy machine takes seconds to greet. */
const administrationMs = 10_000;

/** The server as its clients meet it: wherever a failover has put it. */
export const asClientsMeetIt = <S extends Pick<PostgresSite, 'service' | 'clients'>>(site: S): S =>
  asClientsReach(site, serverPort);

/**
 * Runs work on one connection and closes it. The server's errors pass through. `within`: how long it may take
 * to be let in, and to answer where it must.
 */
export async function withSession<T>(
  { service, account, database: own }: Reach,
  work: (session: Session) => Promise<T>,
  { database = own, withinMs = administrationMs, answerMs }: SessionOptions = {},
): Promise<T> {
  const link = await openLink(await service.endpoint(serverPort), account, {
    database,
    withinMs,
    ...(answerMs === undefined ? {} : { answerMs }),
  });
  try {
    return await work(sessionOf(link));
  } finally {
    link.destroy();
  }
}

/** What the faults of every SQL server need of this one. */
export const sqlServer = (site: PostgresSite): SqlServer<Session> => ({
  service: site.service,
  dataFolder: site.dataFolder,
  isOwn: ({ schema }) => schema === site.config.schema,
  ask: (work) => withSession(site, work),
  askAsClients: (work) => withSession(asClientsMeetIt(site), work),
  factsOfNothing: {},
});

interface SessionOptions {
  /** Default: the application's. */
  database?: string;
  withinMs?: number;
  answerMs?: number;
}

/** What a server says of itself. */
export interface Identity {
  server: string;
  major: number;
  /** Null where it is not said to this account. */
  dataFolder: string | null;
  limited: boolean;
}

/** In its own words. An input error for one that Muster cannot back up. */
export async function identify(reach: Reach): Promise<Identity> {
  try {
    return await withSession(reach, async ({ rows }) => {
      const [row] = await rows<{ version: string; number: string; folder: string | null; may: string }>(
        "SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number, current_setting('is_superuser') AS may, (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS folder",
      );
      const major = Math.floor(Number(row!.number) / 10_000);
      if (major < oldest)
        throw new MusterError('input', `${reach.service.name} is too old`, {
          found: row!.version,
          expected: `PostgreSQL ${oldest} or later`,
        });
      return {
        server: `PostgreSQL ${/^[\w.]+/.exec(row!.version)![0]}`,
        major,
        dataFolder: row!.folder?.replace(/\/+$/, '') ?? null,
        limited: row!.may !== 'on',
      };
    });
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw environmentError(`${reach.service.name} does not let Muster in as ${reach.account.user}`, {
      found: messageOf(error),
      expected: 'a PostgreSQL server and the right password',
      hint: 'config.user, config.passwordFrom and config.database say otherwise than the environment of the service',
      cause: error,
    });
  }
}

/** True when the server takes queries and writes. */
export async function isReady(site: Reach): Promise<boolean> {
  try {
    return await withSession(
      site,
      async ({ rows }) => {
        const [row] = await rows<{ open: string }>(
          "SELECT (NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off')::text AS open",
        );
        return row!.open === 'true';
      },
      { withinMs: probeMs, answerMs: probeMs },
    );
  } catch {
    return false;
  }
}

/** Whether there is something that is not there: the database, the schema or the table. */
export const isAbsent = (error: unknown): boolean =>
  ['42P01', '3F000', '3D000'].includes(serverCode(error) ?? '');
