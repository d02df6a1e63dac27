import type { BackupRefusal } from '../../core/backup.ts';
import type { DeclaredService } from '../../core/declared-service.ts';
import type { DatabaseDumpOptions, MysqlConfig } from './config.ts';

/** Who could make a full dump, and how Muster goes in as such a one. */
export const rootInstead = {
  expected: 'an account with the rights of root: a dump holds accounts, and takes the place of everything',
  hint: "leave config.user and config.passwordFrom out: root of the drill's copy has a password that Muster knows. Or have method database-dump take what the account owns",
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

/** What a dump of databases never holds, and what its options say. */
export const leftOutOfDatabases = (options: Record<string, unknown>): string[] => {
  const { databases, without = [] } = options as Partial<DatabaseDumpOptions>;
  return [
    'accounts and what they are granted',
    `databases other than ${databases?.join(' and ') ?? 'those that its account sees'}`,
    "the server's settings",
    'where the binary log stood (so that none can be replayed on it)',
    ...without.map((kind) => `${kind}, as options.without says`),
  ];
};
