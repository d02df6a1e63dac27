import { randomBytes, randomInt } from 'node:crypto';

const digits = '0123456789';
const hex = '0123456789abcdef';
const letters = 'abcdefghijklmnopqrstuvwxyz';
/** Shorter names are soon somebody's. */
const shortest = 12;

const oneOf = (among: string): string => among[randomInt(among.length)]!;

/**
 * Another name of the same kind, which nothing has: a number that services which count to 2^31 take, else
 * each letter and digit by another one, so that a UUID stays one.
 */
export function lookalike(name: string): string {
  if (/^\d{1,10}$/.test(name)) return String(2_000_000_000 + randomInt(147_483_647));
  const small = /^[\da-f-]*$/i.test(name) ? hex : letters;
  const other = name.replaceAll(/[a-z0-9]/gi, (one) => {
    if (digits.includes(one)) return oneOf(digits);
    const letter = oneOf(small.replaceAll(/\d/g, ''));
    return one === one.toLowerCase() ? letter : letter.toUpperCase();
  });
  return name.length < shortest ? `${other}${randomBytes(6).toString('hex')}` : other;
}
