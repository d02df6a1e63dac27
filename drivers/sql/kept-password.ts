import { keyed } from './keyed.ts';

/**
 * How a server keeps a password, so that two of them can be compared without it. Every text is a digest that
 * only this process can make.
 */
export interface KeptPassword {
  /** What goes into the hash beside the password, chosen anew each time; of '' where nothing does. */
  salt: string;
  hash: string;
  /** The password, where it is one of those that Muster knows; null where it is none of them. */
  known: string | null;
  /** Passwords that it was held against. */
  tried: string[];
}

/** `of`: whether that is the password; null where the way in which it is kept does not let Muster say so. */
export async function keptPassword(
  kept: { salt: string; hash: string; of: ((password: string) => Promise<boolean>) | null },
  passwords: readonly string[],
): Promise<KeptPassword> {
  const { of } = kept;
  const tried = of === null ? [] : [...new Set(passwords)];
  let known: string | null = null;
  for (const password of tried) if (known === null && (await of!(password))) known = keyed(password);
  return { salt: keyed(kept.salt), hash: keyed(kept.hash), known, tried: tried.map(keyed) };
}

/** `untold`: nobody can say by what is kept. */
export type Told = 'same' | 'other' | 'untold';

/**
 * Whether both are of the same password. With the same salt the hashes say so. With another one they say
 * nothing, as a server chooses it anew whenever a password is set: then a password that Muster knows does.
 */
export function comparePasswords(a: KeptPassword, b: KeptPassword): Told {
  if (a.salt === b.salt) return a.hash === b.hash ? 'same' : 'other';
  if (a.known !== null && a.known === b.known) return 'same';
  const isNot = (one: KeptPassword, other: KeptPassword): boolean =>
    one.known !== null && (other.known !== null || other.tried.includes(one.known));
  return isNot(a, b) || isNot(b, a) ? 'other' : 'untold';
}

export const untoldWords = (whose: string): string =>
  `${whose} has its password with another salt, and Muster does not know it (config.passwords): it may be the same or another one`;
