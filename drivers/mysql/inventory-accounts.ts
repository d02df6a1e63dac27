import { digest } from './inventory-reading.ts';
import { linkUserPrefix } from './replication.ts';
import type { Session } from './session.ts';

/** Of every account and role: SHA-256 of how it is made, and of what it is granted. */
export type Accounts = Record<string, { account: string; grants: string }>;

export async function readAccounts({ rows }: Session): Promise<Accounts> {
  // Salts are binary; as plain text they would be mangled.
  await rows('SET SESSION print_identified_with_as_hex = ON');
  const found = await rows<{ u: string; h: string }>(
    'SELECT User AS u, Host AS h FROM mysql.user WHERE LEFT(User, ?) <> ? ORDER BY User, Host',
    [linkUserPrefix.length, linkUserPrefix],
  );
  const out: Accounts = {};
  for (const { u, h } of found) {
    const created = await rows<Record<string, string>>('SHOW CREATE USER ?@?', [u, h]);
    const grants = await rows<Record<string, string>>('SHOW GRANTS FOR ?@?', [u, h]);
    const lines = grants.map((row) => Object.values(row)[0]!).sort();
    out[`${u}@${h}`] = { account: digest(Object.values(created[0]!)[0]!), grants: digest(lines.join('\n')) };
  }
  return out;
}

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
