import { environmentError, messageOf } from '../../../core/errors.ts';
import type { ExecResult } from '../../../core/service.ts';
import { setAnew, type KnownAccount } from '../../sql/known-accounts.ts';
import { serverCode, withSession, type PostgresSite } from '../server.ts';
import { setPasswords } from '../set-passwords.ts';

/** That no dump drops or makes anew, so that a session there is in nobody's way. */
const spare = 'muster_login';
const apart = { database: 'template1' };

/**
 * A load that may bring roles with passwords of another time, while somebody is still in: those of `anew`,
 * which the sandbox itself has made up and nobody can have kept, have that one again afterwards.
 */
export async function keepingLogins(
  site: PostgresSite,
  anew: readonly KnownAccount[],
  load: () => Promise<ExecResult>,
): Promise<ExecResult> {
  if (anew.length === 0) return load();
  await withSession(site, ({ rows }) => rows(`CREATE DATABASE ${spare} TEMPLATE template0`), apart);
  const loaded = await withSession(
    site,
    async (session) => {
      await session.rows('SET idle_session_timeout = 0').catch(() => undefined);
      const result = await load();
      const other: KnownAccount[] = [];
      for (const account of anew) if (!(await isLetIn(site, account))) other.push(account);
      await setPasswords(session, other);
      if (other.length > 0) site.note(setAnew(other));
      return result;
    },
    { database: spare },
  );
  await withSession(site, ({ rows }) => rows(`DROP DATABASE IF EXISTS ${spare} WITH (FORCE)`), apart);
  return loaded;
}

/** Into a database that everybody may look into; whether it may is not what is asked. */
const isLetIn = (site: PostgresSite, { user, password }: KnownAccount): Promise<boolean> =>
  withSession({ ...site, account: { ...site.account, user, password } }, async () => true, apart).catch(
    (error: unknown) => {
      if (['28P01', '28000'].includes(serverCode(error) ?? '')) return false;
      if (serverCode(error) !== null) return true;
      throw error;
    },
  );

/** Rejects in words where the service's own account cannot get in any more. */
export const stillIn = <T>(site: PostgresSite, looking: Promise<T>): Promise<T> =>
  looking.catch((error: unknown) => {
    if (!['28P01', '28000'].includes(serverCode(error) ?? '')) throw error;
    const { account, service } = site;
    throw environmentError(
      `after it was loaded, ${service.name} no longer lets ${account.user} in: the dump brought other roles, and its password must be what it was then`,
      {
        found: messageOf(error),
        expected: 'the password that the service says',
        cause: error,
      },
    );
  });
