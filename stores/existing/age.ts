import { Readable } from 'node:stream';
import { AnotherKey, environmentError, messageOf } from '../../core/errors.ts';
import type { Decryption } from '../../core/existing.ts';
import { failingAs, withHead } from './head.ts';

const armored = '-----BEGIN AGE';

/** Opens an age file, armored or not. Rejects with AnotherKey where the identity or passphrase is not its. */
export async function openAge(source: Readable, { key }: Decryption): Promise<Readable> {
  const { Decrypter, armor } = await import('age-encryption');
  const decrypter = new Decrypter();
  const identities = key.split(/\r?\n/).filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  try {
    for (const identity of identities) decrypter.addIdentity(identity.trim());
    if (identities.length === 0) decrypter.addPassphrase(key);
    const { head, content } = await withHead(source, armored.length);
    const isArmored = head.toString('latin1') === armored;
    // Armor is read as a whole: it is for what is small.
    const cipher = isArmored ? Readable.from([armor.decode(await textOf(content))]) : content;
    const plain = await decrypter.decrypt(Readable.toWeb(cipher) as ReadableStream<Uint8Array>);
    const opened = Readable.fromWeb(plain as Parameters<typeof Readable.fromWeb>[0]);
    return failingAs(opened, (error) =>
      environmentError('it is cut off or damaged: a part of the age file is not as it was encrypted', {
        found: messageOf(error),
        cause: error,
      }),
    );
  } catch (error) {
    source.destroy();
    if (/no identity matched|identity|passphrase|scrypt/i.test(messageOf(error)))
      throw new AnotherKey('it was encrypted for another key', {
        found: messageOf(error),
        expected: identities.length > 0 ? 'the identity of one of its recipients' : 'its passphrase',
        cause: error,
      });
    throw environmentError('the age file cannot be read', { found: messageOf(error), cause: error });
  }
}

const textOf = async (content: Readable): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('latin1');
};
