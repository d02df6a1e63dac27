import { createDecipheriv, createHash, getCipherInfo, pbkdf2Sync } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { AnotherKey, environmentError, inputError, messageOf } from '../../core/errors.ts';
import type { Decryption } from '../../core/existing.ts';
import { failingAs, withHead } from './head.ts';

/** `Salted__` and eight bytes of salt. */
const headBytes = 16;
const sniffedBytes = 1024;

/**
 * Opens what `openssl enc` wrote. It holds nothing by which a wrong password is known: what comes out must
 * look like something, and end as the cipher ends. Rejects with AnotherKey.
 */
export async function openOpenssl(source: Readable, { how, key }: Decryption): Promise<Readable> {
  if (how.with !== 'openssl') throw new Error('it is not opened by openssl');
  const { head, content } = await withHead(source, headBytes);
  const info = getCipherInfo(how.cipher);
  if (!info || !['cbc', 'ctr', 'cfb', 'ofb'].includes(info.mode ?? ''))
    throw inputError(`openssl enc has no cipher ${how.cipher} that is known here`, {
      found: how.cipher,
      expected: 'such as aes-256-cbc',
    });
  const [keyBytes, ivBytes] = [info.keyLength, info.ivLength ?? 0];
  const derived = derive(key, head.subarray(8, headBytes), keyBytes + ivBytes, how);
  const decipher = createDecipheriv(
    how.cipher,
    derived.subarray(0, keyBytes),
    derived.subarray(keyBytes, keyBytes + ivBytes),
  );
  const another = (found: string, cause?: unknown): AnotherKey =>
    new AnotherKey(
      'it does not open: it was encrypted with another key, cipher or derivation, or is cut off',
      {
        found,
        expected: `what ${how.cipher} with ${derivationText(how)} opens to`,
        cause,
      },
    );
  // Two layers: the head without, of which the rest is deciphered.
  const rest = pipeline(past(content, headBytes), decipher, () => undefined);
  const plain = failingAs(rest, (error) =>
    /bad decrypt|wrong final block|BAD_DECRYPT/i.test(messageOf(error))
      ? another(messageOf(error), error)
      : error,
  );
  const opened = await withHead(plain, sniffedBytes);
  if (looksLikeNothing(opened.head)) {
    opened.content.destroy();
    throw another('bytes without any form');
  }
  return opened.content;
}

const derivationText = (how: Decryption['how'] & { with: 'openssl' }): string =>
  how.derivation === 'none' ? `-md ${how.digest}` : `-pbkdf2 -iter ${how.iterations} -md ${how.digest}`;

/** EVP_BytesToKey with one iteration is what `openssl enc` does without -pbkdf2. */
function derive(
  password: string,
  salt: Buffer,
  bytes: number,
  { derivation, iterations, digest }: Decryption['how'] & { with: 'openssl' },
): Buffer {
  try {
    if (derivation === 'pbkdf2') return pbkdf2Sync(password, salt, iterations, bytes, digest);
    let derived = Buffer.alloc(0);
    let block = Buffer.alloc(0);
    while (derived.length < bytes) {
      block = createHash(digest).update(block).update(password, 'utf8').update(salt).digest();
      derived = Buffer.concat([derived, block]);
    }
    return derived;
  } catch (error) {
    throw environmentError(`a key cannot be derived with the digest ${digest}`, {
      found: messageOf(error),
      cause: error,
    });
  }
}

function past(content: Readable, bytes: number): Readable {
  async function* rest(): AsyncGenerator<Buffer> {
    let left = bytes;
    for await (const piece of content as AsyncIterable<Buffer>) {
      const kept = piece.subarray(Math.min(left, piece.length));
      left -= piece.length - kept.length;
      if (kept.length > 0) yield kept;
    }
  }
  return Readable.from(rest(), { objectMode: false });
}

/** Neither a text nor one of the forms that backups have: of random bytes a third are control characters. */
function looksLikeNothing(head: Buffer): boolean {
  if (head.length === 0) return false;
  const known = [
    [0x1f, 0x8b],
    [0x28, 0xb5, 0x2f, 0xfd],
    [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
    [...Buffer.from('BZh')],
    [...Buffer.from('PGDMP')],
    [...Buffer.from('REDIS')],
    [...Buffer.from('VALKEY')],
    [...Buffer.from('age-encryption.org')],
  ];
  if (known.some((bytes) => head.subarray(0, bytes.length).equals(Buffer.from(bytes)))) return false;
  if (head.subarray(257, 262).toString('latin1') === 'ustar') return false;
  const control = head.filter((byte) => byte < 9 || (byte > 13 && byte < 32)).length;
  return control > 0;
}
