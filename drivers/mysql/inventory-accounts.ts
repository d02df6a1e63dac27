import { withoutFolderPassword } from './folder-password.ts';
import { digest } from './inventory-reading.ts';
import { linkUserPrefix } from './replication.ts';
import type { MysqlSite } from './site.ts';
import { serverCode, type Session } from './session.ts';

/** Of every account and role: SHA-256 of how it is made, and of what it is granted. */
export type Accounts = Record<string, { account: string; grants: string }>;

export async function readAccounts(
  { rows }: Session,
  site: Pick<MysqlSite, 'service' | 'dataFolder' | 'product'>,
): Promise<Accounts> {
  const { before, accounts, stored } = site.product;
  const plain = await withoutFolderPassword(site);
  for (const statement of before.accounts) await rows(statement);
  const all = await rows<{ u: string; h: string; role: string | number }>(accounts);
  const found = all.filter(({ u }) => !u.startsWith(linkUserPrefix));
  const out: Accounts = {};
  for (const { u, h, role } of found) {
    const isRole = Number(role) === 1;
    // A role has a name only, and nobody logs in as one.
    const shown = isRole
      ? [{ role: 'a role' }]
      : await inForce(rows<Record<string, string>>('SHOW CREATE USER ?@?', [u, h]));
    const created = shown ?? (await rows<Record<string, string>>(stored!, [u, h]));
    const grants =
      shown === null
        ? []
        : await rows<Record<string, string>>(
            isRole ? 'SHOW GRANTS FOR ?' : 'SHOW GRANTS FOR ?@?',
            isRole ? [u] : [u, h],
          );
    const lines = grants.map((row) => Object.values(row)[0]!).sort();
    const made = plain(Object.values(created[0]!)[0]!);
    out[`${u}@${h}`] = { account: digest(made), grants: digest(plain(lines.join('\n'))) };
  }
  return out;
}

/** Null for an account that is not in force, as one by a host's name where no names are looked up. */
const inForce = <T>(shown: Promise<T>): Promise<T | null> =>
  shown.catch((error: unknown) => {
    if (serverCode(error) === 'ER_PASSWORD_NO_MATCH') return null;
    throw error;
  });

type Account = Accounts[string] | undefined;
const same = (a: Account, b: Account): boolean => a?.account === b?.account && a?.grants === b?.grants;

/**
 * `differences`: accounts that are neither as they were at the beginning nor as they were just before the
 * fault. `returned`: those that are as at the beginning again and were otherwise just before the fault, which
 * an older backup brings about by right and which nobody may overlook: an old password, somebody who had been
 * locked out.
 */
export function compareAccounts(
  before: Accounts,
  justBefore: Accounts | null,
  now: Accounts,
): { differences: string[]; returned: string[] } {
  const differences: string[] = [];
  const returned: string[] = [];
  for (const name of new Set([
    ...Object.keys(before),
    ...Object.keys(justBefore ?? {}),
    ...Object.keys(now),
  ])) {
    const [first, last, is] = [before[name], justBefore ? justBefore[name] : before[name], now[name]];
    if (same(is, last)) continue;
    if (same(is, first)) returned.push(`account ${name} ${comeBack(last, is)}`);
    else if (!is) differences.push(`account ${name} is missing`);
    else if (!first)
      differences.push(
        `account ${name} ${last ? 'is not as just before the fault' : 'was not there before'}`,
      );
    else
      differences.push(
        `account ${name}: ${first.account !== is.account ? 'another password, plugin or attribute' : 'other grants'}`,
      );
  }
  return { differences, returned };
}

function comeBack(last: Account, is: Account): string {
  if (!last) return 'is back, and was gone just before the fault';
  if (!is) return 'is gone, and was there just before the fault';
  const what = [
    ...(last.account !== is.account ? ['password, plugin or attributes'] : []),
    ...(last.grants !== is.grants ? ['grants'] : []),
  ];
  return `has older ${what.join(' and ')} again than just before the fault`;
}
