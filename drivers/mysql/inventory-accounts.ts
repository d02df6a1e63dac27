import { keyed } from '../sql/keyed.ts';
import { comparePasswords, untoldWords, type KeptPassword, type Told } from '../sql/kept-password.ts';
import { withoutSalted } from './kept-passwords.ts';
import { withoutFolderPassword } from './folder-password.ts';
import { linkUserPrefix } from './replication.ts';
import { serverCode, type Session } from './session.ts';
import type { MysqlSite } from './site.ts';

/**
 * Of every account and role: a digest of how it is made but for salted passwords, and of what it is granted.
 */
export type Accounts = Record<string, { account: string; grants: string; passwords: KeptPassword[] }>;

export async function readAccounts(
  { rows }: Session,
  site: Pick<MysqlSite, 'service' | 'dataFolder' | 'product' | 'known'>,
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
    // MariaDB says there how the password is kept as well.
    const lines = await Promise.all(
      grants.map(async (row) => (await withoutSalted(plain(Object.values(row)[0]!), [])).text),
    );
    const made = [Object.values(created[0]!)[0]!, ...(await secondPassword(rows, site, u, h))];
    const { text, passwords } = await withoutSalted(
      plain(made.join('\n')),
      site.known.filter(({ user }) => user === u).map(({ password }) => password),
    );
    out[`${u}@${h}`] = { account: keyed(text), grants: keyed(lines.sort().join('\n')), passwords };
  }
  return out;
}

/** Older servers know of one password alone. */
async function secondPassword(
  rows: Session['rows'],
  { product }: Pick<MysqlSite, 'product'>,
  user: string,
  host: string,
): Promise<string[]> {
  if (product.secondPassword === null) return [];
  const found = await rows<{ stored: string | null }>(product.secondPassword, [user, host]).catch(
    (error: unknown) => {
      if (serverCode(error) === 'ER_BAD_FIELD_ERROR') return [];
      throw error;
    },
  );
  return found.flatMap(({ stored }) => stored ?? []);
}

/** Null for an account that is not in force, as one by a host's name where no names are looked up. */
const inForce = <T>(shown: Promise<T>): Promise<T | null> =>
  shown.catch((error: unknown) => {
    if (serverCode(error) === 'ER_PASSWORD_NO_MATCH') return null;
    throw error;
  });

type Account = Accounts[string] | undefined;

function compareAccount(a: Account, b: Account): Told {
  if (!a || !b) return a === b ? 'same' : 'other';
  if (a.account !== b.account || a.grants !== b.grants) return 'other';
  return comparePasswordsOf(a, b);
}

/** Of accounts that are made alike: they have as many. */
function comparePasswordsOf(a: Accounts[string], b: Accounts[string]): Told {
  const all = a.passwords.map((one, i) => comparePasswords(one, b.passwords[i]!));
  return all.find((one) => one === 'other') ?? all.find((one) => one === 'untold') ?? 'same';
}

/**
 * `differences`: accounts that are neither as they were at the beginning nor as they were just before the
 * fault. `returned`: those that are as at the beginning again and were otherwise just before the fault, which
 * an older backup brings about by right and which nobody may overlook: an old password, somebody who had been
 * locked out. `untold`: those of which only a password may be another one.
 */
export function compareAccounts(
  before: Accounts,
  justBefore: Accounts | null,
  now: Accounts,
): { differences: string[]; returned: string[]; untold: string[] } {
  const differences: string[] = [];
  const returned: string[] = [];
  const untold: string[] = [];
  for (const name of new Set([
    ...Object.keys(before),
    ...Object.keys(justBefore ?? {}),
    ...Object.keys(now),
  ])) {
    const [first, last, is] = [before[name], justBefore ? justBefore[name] : before[name], now[name]];
    const [asLast, asFirst] = [compareAccount(last, is), compareAccount(first, is)];
    if (asLast === 'same') continue;
    if (asFirst === 'same') returned.push(`account ${name} ${comeBack(last, is)}`);
    else if (!is) differences.push(`account ${name} is missing`);
    else if (asLast === 'untold' || asFirst === 'untold') untold.push(untoldWords(`account ${name}`));
    else if (!first)
      differences.push(
        `account ${name} ${last ? 'is not as just before the fault' : 'was not there before'}`,
      );
    else differences.push(`account ${name}: ${changed(first, is)}`);
  }
  return { differences, returned, untold };
}

function changed(first: Accounts[string], is: Accounts[string]): string {
  if (first.account !== is.account) return 'another password, plugin or attribute';
  return comparePasswordsOf(first, is) === 'other' ? 'another password' : 'other grants';
}

function comeBack(last: Account, is: Account): string {
  if (!last) return 'is back, and was gone just before the fault';
  if (!is) return 'is gone, and was there just before the fault';
  const isAsMade = last.account === is.account && comparePasswordsOf(last, is) === 'same';
  const what = [
    ...(isAsMade ? [] : ['password, plugin or attributes']),
    ...(last.grants === is.grants ? [] : ['grants']),
  ];
  return `has older ${what.join(' and ')} again than just before the fault`;
}
