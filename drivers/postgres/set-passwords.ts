import type { KnownAccount } from '../sql/known-accounts.ts';
import { literal, type Session } from './session.ts';

/** The statement that gives a role that password; none where there is no such role. Column `statement`. */
const asked = ({ user, password }: KnownAccount): string =>
  `SELECT format('ALTER ROLE %I PASSWORD %L', rolname, ${literal(password)}) AS statement FROM pg_roles WHERE rolname = ${literal(user)}`;

/** For psql: each of these roles that is there has this password from then on. */
export const settingPasswords = (accounts: readonly KnownAccount[]): string =>
  accounts.map((one) => `${asked(one)} \\gexec\n`).join('');

/** The same in a session. */
export async function setPasswords({ rows }: Session, accounts: readonly KnownAccount[]): Promise<void> {
  for (const one of accounts)
    for (const { statement } of await rows<{ statement: string }>(asked(one))) await rows(statement);
}
