import { createHash, createHmac, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

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
