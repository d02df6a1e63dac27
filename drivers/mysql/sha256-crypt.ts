import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** `of`, again and again, `length` bytes of it. */
const filled = (of: Buffer, length: number): Buffer => Buffer.alloc(length, of);

/** Rounds after which others may go on: a drill's clients are of the same process. */
const atOnce = 250;

/**
 * SHA-256 of Unix crypt (Drepper, "Unix crypt using SHA-256 and SHA-512", 0.4), as MySQL uses it: with a salt
 * of any length, where crypt takes 16 bytes. Gives the 43 characters.
 */
export async function sha256Crypt(password: Buffer, salt: Buffer, rounds: number): Promise<string> {
  const alternate = sha256(password, salt, password);
  const parts: Buffer[] = [password, salt, filled(alternate, password.length)];
  for (let bits = password.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? alternate : password);
  let last = sha256(...parts);
  const p = filled(sha256(filled(password, password.length ** 2)), password.length);
  const s = filled(sha256(filled(salt, salt.length * (16 + last[0]!))), salt.length);
  for (let round = 0; round < rounds; round += 1) {
    const isOdd = round % 2 === 1;
    const between = [...(round % 3 > 0 ? [s] : []), ...(round % 7 > 0 ? [p] : [])];
    last = isOdd ? sha256(p, ...between, last) : sha256(last, ...between, p);
    if (round % atOnce === atOnce - 1) await setImmediate();
  }
  return characters(last);
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Three bytes are four characters, the lowest six bits first; of which three crypt has its own order. */
function characters(digest: Buffer): string {
  let out = '';
  const add = (high: number, middle: number, low: number, count: number): void => {
    for (let bits = (high << 16) | (middle << 8) | low, i = 0; i < count; i += 1, bits >>>= 6)
      out += alphabet[bits & 63];
  };
  for (let i = 0; i < 10; i += 1) {
    const thirds = [i, i + 10, i + 20].map((at) => digest[at]!);
    add(thirds[(3 - (i % 3)) % 3]!, thirds[(4 - (i % 3)) % 3]!, thirds[(5 - (i % 3)) % 3]!, 4);
  }
  add(0, digest[31]!, digest[30]!, 3);
  return out;
}
