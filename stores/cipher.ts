import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { buildDecrypt, type MessageHeader } from '@aws-crypto/decrypt-node';
import { buildEncrypt } from '@aws-crypto/encrypt-node';
import { AlgorithmSuiteIdentifier, CommitmentPolicy } from '@aws-crypto/material-management-node';
import { RawAesKeyringNode, RawAesWrappingSuiteIdentifier } from '@aws-crypto/raw-aes-keyring-node';
import { environmentError, inputError } from '../core/errors.ts';
import { guarded } from './guard.ts';

/**
 * Encryption at rest: AES-256-GCM in the AWS Encryption SDK message format, version 2, framed, with key
 * commitment (suite 0x0478: HKDF-SHA512, a data key for each message, wrapped by a raw AES key). Nothing of
 * AWS is involved. Chosen because it is a published format that other tools open: Python's aws-encryption-sdk
 * decrypts our backups with the key alone (test/stores/cipher.test.ts does). It is framed: each frame is
 * verified before any byte of it is released, so memory is bounded whatever the size; frames are numbered and
 * the last one is marked, so cutting, reordering and truncation are refused. Commitment: no second key opens
 * a message. https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html
 */
export const encryption = {
  format: 'aws-encryption-sdk/v2',
  algorithm: 'AES-256-GCM-HKDF-SHA512-COMMIT-KEY',
} as const;

/** What a reader with another tool needs beside the key: the names under which the key is wrapped. */
export const keyNamespace = 'muster';

/** Larger frames are faster up to about here (bench/backup-pipe.ts), and each is held in memory once. */
export const frameBytes = 2 * 1024 * 1024;
/**
 * The most that a reader holds before it can verify it. More than we write, so that what others wrote opens
 * too.
 */
const frameBytesMax = 64 * 1024 * 1024;
const suiteId = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
/**
 * Of the SDK these parts alone: as a whole (`@aws-crypto/client-node`) it brings the clients of AWS's key
 * service along, and every start would wait for them.
 */
const { encryptStream, encrypt } = buildEncrypt(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const { decryptUnsignedMessageStream, decrypt } = buildDecrypt(
  CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
);

/**
 * What a message is bound to. It is authenticated, not secret: a message under another name does not open.
 */
export type Binding = Record<string, string>;

export interface Cipher {
  /** Tells keys apart without giving anything of them away. */
  readonly keyId: string;
  encryptStream(binding: Binding): Duplex;
  /**
   * Releases verified bytes only. Errors when altered, cut off, made with another key or bound to something
   * else.
   */
  decryptStream(binding: Binding, what: string): Duplex;
  encrypt(bytes: Uint8Array, binding: Binding): Promise<Buffer>;
  decrypt(bytes: Uint8Array, binding: Binding, what: string): Promise<Buffer>;
}

/** 64 hexadecimal digits as 32 bytes. Raises an input error that does not repeat them. */
export function parseKey(text: string, secretName: string): Buffer {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  throw inputError(`the backup key in ${secretName} cannot be used`, {
    found: /^[0-9a-f]*$/i.test(text)
      ? `${text.length} hexadecimal digits`
      : `${text.length} characters, some not hexadecimal`,
    expected: '64 hexadecimal digits (256 bits)',
    hint: 'Make one with: openssl rand -hex 32',
  });
}

/**
 * First 16 digits of a hash of the key, for recovery points and messages. The key has 256 random bits: a hash
 * of it gives nothing away.
 */
export const keyIdOf = (key: Uint8Array): string =>
  createHash('sha256').update('muster/key-id\0').update(key).digest('hex').slice(0, 16);

export function createCipher(key: Uint8Array): Cipher {
  const keyId = keyIdOf(key);
  const keyring = new RawAesKeyringNode({
    keyName: keyId,
    keyNamespace,
    // The keyring wants memory of its own, not a part of Node's buffer pool.
    unencryptedMasterKey: Uint8Array.from(key),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  });
  return {
    keyId,
    encryptStream: (binding) =>
      guarded(encryptStream(keyring, { suiteId, frameLength: frameBytes, encryptionContext: binding })),
    decryptStream: (binding, what) => {
      const stream = decryptUnsignedMessageStream(keyring, { maxBodySize: frameBytesMax });
      // The header comes, authenticated, before any content.
      stream.once('MessageHeader', (header: MessageHeader) => {
        const error = mismatch(binding, header.encryptionContext, what);
        if (error) stream.emit('error', error);
      });
      return guarded(stream);
    },
    encrypt: async (bytes, binding) =>
      (
        await encrypt(keyring, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
          suiteId,
          frameLength: frameBytes,
          encryptionContext: binding,
        })
      ).result,
    decrypt: async (bytes, binding, what) => {
      const { plaintext, messageHeader } = await decrypt(
        keyring,
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        { maxBodySize: frameBytesMax },
      );
      const error = mismatch(binding, messageHeader.encryptionContext, what);
      if (error) throw error;
      return plaintext;
    },
  };
}

function mismatch(expected: Binding, found: Readonly<Binding>, what: string): Error | null {
  const wrong = Object.keys(expected).filter((name) => found[name] !== expected[name]);
  if (wrong.length === 0) return null;
  const words = (binding: Readonly<Binding>): string =>
    wrong.map((name) => `${name} ${binding[name] ?? '(none)'}`).join(', ');
  return environmentError(`${what} was encrypted as something else: it has been moved or swapped`, {
    found: words(found),
    expected: words(expected),
  });
}
