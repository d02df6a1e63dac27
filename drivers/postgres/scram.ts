import { createHash, createHmac, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import type { KnownAccount } from '../sql/known-accounts.ts';
import { keptPassword, type KeptPassword } from '../sql/kept-password.ts';

const derived = promisify(pbkdf2);

/**
 * Whether a role's password is the one that is known, by what the server keeps of it (RFC 5803:
 * `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, in Base64). A role that is made anew has another salt.
 */
export async function keepsPassword(kept: string, password: string): Promise<boolean> {
  const [, iterations, salt, storedKey] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/.exec(kept) ?? [];
  if (iterations === undefined || salt === undefined) return false;
  const salted = await derived(
    password.normalize('NFKC'),
    Buffer.from(salt, 'base64'),
    Number(iterations),
    32,
    'sha256',
  );
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  return createHash('sha256').update(clientKey).digest('base64') === storedKey;
}

/** The password of a role, and how the server keeps it. */
export interface RolePassword extends KeptPassword {
  way: 'SCRAM-SHA-256' | 'MD5' | null;
}

/**
 * What tells the password of a role from another one, by `rolpassword`: SCRAM keeps it with a salt, MD5 with
 * the name of the role.
 */
export async function passwordOf(
  role: string,
  kept: string,
  known: readonly KnownAccount[],
): Promise<RolePassword> {
  const passwords = known.filter(({ user }) => user === role).map(({ password }) => password);
  const [salt] = /^SCRAM-SHA-256\$\d+:[^$]+/.exec(kept) ?? [];
  if (salt !== undefined) {
    const of = (password: string): Promise<boolean> => keepsPassword(kept, password);
    return { ...(await keptPassword({ salt, hash: kept, of }, passwords)), way: 'SCRAM-SHA-256' };
  }
  const byMd5 = async (password: string): Promise<boolean> =>
    kept === `md5${createHash('md5').update(`${password}${role}`).digest('hex')}`;
  const way = kept.startsWith('md5') ? 'MD5' : null;
  return { ...(await keptPassword({ salt: '', hash: kept, of: way && byMd5 }, passwords)), way };
}
