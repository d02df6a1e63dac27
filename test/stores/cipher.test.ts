import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { messageOf } from '../../core/errors.ts';
import { createCipher, frameBytes, keyIdOf, parseKey } from '../../stores/cipher.ts';
import { pythonPackage } from '../support/python.ts';
import { inMemory } from '../support/in-memory.ts';

const key = randomBytes(32);
const cipher = createCipher(key);
const binding = { point: 'p1', name: 'dump.sql' };
const run = promisify(execFile);

async function decrypted(message: Buffer, with_ = cipher, as = binding, pieceBytes = 50): Promise<Buffer> {
  const pieces = (function* () {
    for (let at = 0; at < message.length; at += pieceBytes) yield message.subarray(at, at + pieceBytes);
  })();
  return pipeline(Readable.from(pieces), with_.decryptStream(as, 'the message'), (plain) =>
    buffer(plain as Readable),
  );
}
const reasonOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'it did not fail', messageOf);

describe('a message', () => {
  test.each([0, 1, frameBytes - 1, frameBytes, 3 * frameBytes + 5])(
    'of %i bytes comes back as it was',
    async (bytes) => {
      const plain = randomBytes(bytes);
      const message = await buffer(Readable.from([plain]).pipe(cipher.encryptStream(binding)) as Readable);
      expect((await decrypted(message, cipher, binding, 100_000)).equals(plain)).toBe(true);
      expect((await cipher.decrypt(await cipher.encrypt(plain, binding), binding, 'it')).equals(plain)).toBe(
        true,
      );
    },
  );

  test('does not hold its text, and is another each time', async () => {
    const plain = Buffer.from('a text that must not be seen');
    const messages = [await cipher.encrypt(plain, binding), await cipher.encrypt(plain, binding)];
    for (const message of messages) expect(message.includes('must not be seen')).toBe(false);
    expect(messages[0]!.subarray(-40).equals(messages[1]!.subarray(-40))).toBe(false);
  });

  test('is refused, whichever byte of it is changed, and nothing else breaks', async () => {
    const message = await cipher.encrypt(Buffer.from('forty bytes of plain text, or so, to hide'), binding);
    for (let at = 0; at < message.length; at += 1) {
      const altered = Buffer.from(message);
      altered[at]! ^= 0x80;
      expect(await reasonOf(decrypted(altered)), `byte ${at}`).not.toBe('it did not fail');
    }
  });

  test('is refused, wherever it is cut off', async () => {
    const message = await cipher.encrypt(Buffer.from('forty bytes of plain text, or so, to hide'), binding);
    for (let bytes = 0; bytes < message.length; bytes += 1)
      expect(await reasonOf(decrypted(message.subarray(0, bytes))), `${bytes} bytes`).not.toBe(
        'it did not fail',
      );
    expect(await reasonOf(decrypted(message))).toBe('it did not fail');
  });

  test('is refused when a frame is left out or two change places', async () => {
    const frame = frameBytes + 4 + 12 + 16;
    const message = await cipher.encrypt(randomBytes(3 * frameBytes + 5), binding);
    const head = message.length - (4 + 4 + 12 + 4 + 5 + 16) - 3 * frame;
    const part = (number: number): Buffer =>
      message.subarray(head + number * frame, head + (number + 1) * frame);
    const [header, end] = [message.subarray(0, head), message.subarray(head + 3 * frame)];
    expect(Buffer.concat([header, part(0), part(1), part(2), end]).equals(message)).toBe(true);
    expect(
      await reasonOf(decrypted(Buffer.concat([header, part(0), part(2), end]), cipher, binding, 100_000)),
    ).toContain('sequence');
    expect(
      await reasonOf(
        decrypted(Buffer.concat([header, part(1), part(0), part(2), end]), cipher, binding, 100_000),
      ),
    ).toContain('sequence');
  });

  test('opens under its own name only', async () => {
    const message = await cipher.encrypt(Buffer.from('x'), binding);
    const as = { ...binding, name: 'other.sql' };
    expect(await reasonOf(decrypted(message, cipher, as))).toContain('moved or swapped');
    expect(await reasonOf(cipher.decrypt(message, as, 'it'))).toContain('moved or swapped');
  });

  test('opens with its own key only', async () => {
    const message = await cipher.encrypt(Buffer.from('x'), binding);
    expect(await reasonOf(decrypted(message, createCipher(randomBytes(32))))).not.toBe('it did not fail');
  });
});

describe('a key', () => {
  test('is 64 hexadecimal digits', () =>
    expect(parseKey('0f'.repeat(32), 'KEY')).toEqual(Buffer.alloc(32, 0x0f)));

  test.each(['', 'abc', '0f'.repeat(31), `${'0f'.repeat(31)}zz`, `${'0f'.repeat(32)}\n`])(
    'is not %j, and is not repeated in the error',
    (text) => {
      let error: unknown;
      try {
        parseKey(text, 'KEY');
      } catch (reason) {
        error = reason;
      }
      expect(error).toMatchObject({ trouble: 'input', expected: '64 hexadecimal digits (256 bits)' });
      if (text.length > 10) expect(JSON.stringify(error) + messageOf(error)).not.toContain(text.slice(0, 10));
    },
  );

  test('has an id that tells it from others and does not hold it', () => {
    expect(keyIdOf(key)).toBe(cipher.keyId);
    expect(keyIdOf(randomBytes(32))).not.toBe(cipher.keyId);
    expect(key.toString('hex')).not.toContain(cipher.keyId);
  });
});

// The format is published so that a backup can be opened without Muster: here by Python's aws-encryption-sdk.
test('another implementation opens it with the key, the name of the key, and nothing else', {
  timeout: 300_000,
}, async () => {
  const folder = await mkdtemp(join(inMemory, 'muster-cipher-'));
  try {
    const packages = await pythonPackage('aws-encryption-sdk', '4.0.7');
    const plain = Buffer.concat([Buffer.from('-- Dump completed\n'), randomBytes(2 * frameBytes)]);
    const message = await buffer(Readable.from([plain]).pipe(cipher.encryptStream(binding)) as Readable);
    await writeFile(join(folder, 'message'), message);
    await writeFile(join(folder, 'open.py'), opener);
    const open = async (file: string, env: Record<string, string>): Promise<Buffer> => {
      const { stdout } = await run('python3', [join(folder, 'open.py'), file], {
        encoding: 'buffer',
        maxBuffer: 64 * 1024 * 1024,
        env: {
          PATH: process.env['PATH'],
          PYTHONPATH: packages,
          KEY_NAME: cipher.keyId,
          ...env,
        },
      });
      return stdout;
    };
    expect((await open(join(folder, 'message'), { KEY: key.toString('hex') })).equals(plain)).toBe(true);
    // The same with another key, and with a byte changed, so that a reader which accepts anything would show.
    await expect(open(join(folder, 'message'), { KEY: randomBytes(32).toString('hex') })).rejects.toThrow();
    message[message.length - 100]! ^= 1;
    await writeFile(join(folder, 'altered'), message);
    await expect(open(join(folder, 'altered'), { KEY: key.toString('hex') })).rejects.toThrow();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const opener = `
import os, sys
import aws_encryption_sdk
from aws_encryption_sdk import CommitmentPolicy
from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider

class Escrow(RawMasterKeyProvider):
    provider_id = "muster"
    def _get_raw_key(self, key_id):
        return WrappingKey(WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING, bytes.fromhex(os.environ["KEY"]), EncryptionKeyType.SYMMETRIC)

keys = Escrow()
keys.add_master_key(os.environ["KEY_NAME"])
client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
plain, header = client.decrypt(source=open(sys.argv[1], "rb").read(), key_provider=keys)
assert header.encryption_context["name"] == "dump.sql", header.encryption_context
sys.stdout.buffer.write(plain)
`;
