import { createPrivateKey, createPublicKey, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { keptPassword, type KeptPassword } from '../sql/kept-password.ts';
import { sha256Crypt } from './sha256-crypt.ts';

const derived = promisify(pbkdf2);

/** A way to keep passwords with a salt. `hash`: what a password is kept as, given what the pattern caught. */
interface Salted {
  /** Over bytes as Latin-1. Group `hash`; all before it is the salt. */
  pattern: RegExp;
  hash(password: Buffer, parts: string[]): Promise<string>;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const crypted = (salt: string, rounds: number) => (password: Buffer) =>
  sha256Crypt(password, bytes(salt), rounds);

/** An Ed25519 key of 32 bytes as OpenSSL takes one (RFC 8410, PKCS #8). */
const privateKeyHead = Buffer.from('302e020100300506032b657004220420', 'hex');

const salted: Salted[] = [
  // caching_sha2_password: thousands of rounds, 20 bytes of salt.
  {
    pattern: /^\$A\$([0-9A-F]{3})\$([\s\S]{20})(?<hash>[./0-9A-Za-z]{43})$/i,
    hash: (password, [thousands, salt]) => crypted(salt!, Number.parseInt(thousands!, 16) * 1_000)(password),
  },
  // sha256_password.
  {
    pattern: /^\$5\$([^$]{20})\$(?<hash>[./0-9A-Za-z]{43})$/,
    hash: (password, [salt]) => crypted(salt!, 5_000)(password),
  },
  // parsec of MariaDB: PBKDF2 gives the private key, whose public one is kept.
  {
    pattern: /^P([0-9A-Z]):([A-Za-z0-9+/=]+):(?<hash>[A-Za-z0-9+/]{43})$/i,
    hash: async (password, [power, salt]) => {
      const rounds = 1_024 * 2 ** Number.parseInt(power!, 36);
      const seed = await derived(password, Buffer.from(salt!, 'base64'), rounds, 32, 'sha512');
      const key = createPrivateKey({
        key: Buffer.concat([privateKeyHead, seed]),
        format: 'der',
        type: 'pkcs8',
      });
      const { x } = createPublicKey(key).export({ format: 'jwk' });
      return Buffer.from(x!, 'base64url').toString('base64').replace(/=+$/, '');
    },
  },
];

/** What is kept of a password, in hexadecimal digits or in quotes, in what SHOW CREATE USER answers. */
const credential = /\b(AS|USING) (?:0x([0-9A-F]+)|'((?:[^'\\]|''|\\[\s\S])*)')/gi;

/**
 * Takes the salted passwords out of what SHOW CREATE USER answers, which is given back without them. Each is
 * held against `passwords`.
 */
export async function withoutSalted(
  text: string,
  passwords: readonly string[],
): Promise<{ text: string; passwords: KeptPassword[] }> {
  const found: Promise<KeptPassword>[] = [];
  const rest = text.replace(credential, (whole, word: string, hex: string | undefined, quoted: string) => {
    const stored = hex === undefined ? unquoted(quoted) : Buffer.from(hex, 'hex').toString('latin1');
    const one = salted.find(({ pattern }) => pattern.test(stored));
    if (!one) return whole;
    const match = one.pattern.exec(stored)!;
    const hash = match.groups!['hash']!;
    const parts = match.slice(1, -1);
    found.push(
      keptPassword(
        {
          salt: stored.slice(0, -hash.length),
          hash,
          of: async (password) => (await one.hash(Buffer.from(password), parts)) === hash,
        },
        passwords,
      ),
    );
    return `${word} what is salted`;
  });
  return { text: rest, passwords: await Promise.all(found) };
}

const unquoted = (text: string): string => text.replace(/''|\\([\s\S])/g, (_, one?: string) => one ?? "'");
