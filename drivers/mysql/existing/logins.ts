import type { ExecResult } from '../../../core/service.ts';
import { setAnew, type KnownAccount } from '../../sql/known-accounts.ts';
import { isDenied } from '../rights.ts';
import { withSession } from '../session.ts';
import { settingPasswords } from '../set-passwords.ts';
import type { MysqlSite } from '../site.ts';

/**
 * A load that may bring accounts with passwords of another time, while somebody is still in: those of
 * `anew`, which the sandbox itself has made up and nobody can have kept, have that one again afterwards.
 */
export async function keepingLogins(
  site: MysqlSite,
  anew: readonly KnownAccount[],
  load: () => Promise<ExecResult>,
): Promise<ExecResult> {
  if (anew.length === 0) return load();
  return withSession(site, async ({ rows }) => {
    await rows('SET SESSION wait_timeout = 31536000');
    const loaded = await load();
    if (loaded.code !== 0) return loaded;
    // Accounts that came as rows count from now on.
    await rows('FLUSH PRIVILEGES');
    const there = new Set((await rows<{ u: string }>('SELECT User AS u FROM mysql.user')).map(({ u }) => u));
    const other: KnownAccount[] = [];
    for (const account of anew)
      if (there.has(account.user) && !(await isLetIn(site, account))) other.push(account);
    for (const statement of settingPasswords(other)) await rows(statement);
    if (other.length > 0) site.note(setAnew(other));
    return loaded;
  });
}

const isLetIn = (site: MysqlSite, { user, password }: KnownAccount): Promise<boolean> =>
  withSession({ ...site, config: { ...site.config, user }, password }, async () => true).catch(
    (error: unknown) => {
      if (isDenied(error)) return false;
      throw error;
    },
  );
