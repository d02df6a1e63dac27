import type { BackupRefusal } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { DeclaredService } from '../../core/declared-service.ts';
import type { MysqlConfig } from './config.ts';
import { serverCode, type Session } from './session.ts';
import type { MysqlSite } from './site.ts';

const hint =
  "leave config.user and config.passwordFrom out: root of the drill's copy has a password that Muster knows";
const expected =
  'an account with the rights of root: a dump holds accounts, and takes the place of everything';

/** Variables by which images make an account for the application, with rights on its one database. */
const ofApplication = ['MYSQL_USER', 'MARIADB_USER'];

/** Known ahead of any server: the account that Muster is to use is the one that the image makes. */
export function limitedByImage(config: unknown, { accounts }: DeclaredService): BackupRefusal | null {
  const { user } = config as MysqlConfig;
  const variable = ofApplication.find((name) => accounts[name] === user);
  if (variable === undefined || user === 'root') return null;
  return {
    what: `${user} is the account that its image makes for the application (${variable})`,
    expected,
    hint,
  };
}

/** By what only who has it can do; each changes nothing. */
const rights: Readonly<Record<string, string>> = {
  'SELECT on mysql.user': 'SELECT 1 FROM mysql.user LIMIT 1',
  PROCESS: 'SELECT 1 FROM information_schema.innodb_trx LIMIT 1',
};

/** Environment error where the account has not what a full dump takes. */
export async function assertRights(
  { service, config }: Pick<MysqlSite, 'service' | 'config'>,
  { rows }: Session,
): Promise<void> {
  const denied: string[] = [];
  for (const [right, sql] of Object.entries(rights))
    await rows(sql).catch((error: unknown) => {
      if (!isDenied(error)) throw error;
      denied.push(right);
    });
  if (denied.length === 0) return;
  throw environmentError(`${config.user} cannot make a full dump of ${service.name}`, {
    found: `no ${denied.join(', no ')}`,
    expected,
    hint,
  });
}

/** The server refuses it for the sake of rights, and for nothing else. */
export const isDenied = (error: unknown): boolean => /ACCESS_?DENIED/.test(serverCode(error) ?? '');
