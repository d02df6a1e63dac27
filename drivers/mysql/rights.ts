import { environmentError } from '../../core/errors.ts';
import { rootInstead } from './limited.ts';
import { serverCode, type Session } from './session.ts';
import type { MysqlSite } from './site.ts';

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
    ...rootInstead,
  });
}

/** The server refuses it for the sake of rights, and for nothing else. */
export const isDenied = (error: unknown): boolean => /ACCESS_?DENIED/.test(serverCode(error) ?? '');
