import type { BackupRefusal } from '../../core/backup.ts';
import type { DeclaredService } from '../../core/declared-service.ts';
import type { MysqlConfig } from './config.ts';

/** Who could make a full dump, and how Muster goes in as such a one. */
export const rootInstead = {
  expected: 'an account with the rights of root: a dump holds accounts, and takes the place of everything',
  hint: "leave config.user and config.passwordFrom out: root of the drill's copy has a password that Muster knows",
};

/** Variables by which images make an account for the application, with rights on its one database. */
const ofApplication = ['MYSQL_USER', 'MARIADB_USER'];

/** Known ahead of any server: the account that Muster is to use is the one that the image makes. */
export function limitedByImage(config: unknown, { accounts }: DeclaredService): BackupRefusal | null {
  const { user } = config as MysqlConfig;
  const variable = ofApplication.find((name) => accounts[name] === user);
  if (variable === undefined || user === 'root') return null;
  return {
    what: `${user} is the account that its image makes for the application (${variable})`,
    ...rootInstead,
  };
}
