import type { Attached } from '../../core/driver.ts';
import type { ActiveFault } from '../../core/active-fault.ts';
import { damageFileOf, suffer } from '../support/suffer.ts';

/**
 * A fault of Redis whose effect is asked for again: there where nobody repaired it, and not where a recovery
 * did.
 */
export interface StillThere {
  fault: string;
  inflict(target: Attached): Promise<ActiveFault>;
  says: RegExp;
}

const base = { file: 'data', restart: true, seed: 7 } as const;

export const redisFaults: StillThere[] = [
  {
    fault: 'flush-all',
    inflict: (target) => suffer(target, 'flush-all'),
    says: /of 3 keys of the application that were there since the drill began, clients find none/,
  },
  {
    fault: 'wipe-volume',
    inflict: (target) => suffer(target, 'wipe-volume'),
    says: /of 3 keys of the application that were there since the drill began, clients find none/,
  },
  {
    fault: 'encrypt-volume',
    inflict: (target) => suffer(target, 'encrypt-volume'),
    says: /locked files and none under the names|clients find none/,
  },
  {
    fault: 'flip-bits',
    inflict: (target) => damageFileOf(target, { ...base, how: 'flip-bits', bits: 64 }),
    says: /all \d+ flipped bits are still in the same/,
  },
  {
    fault: 'truncate-file',
    inflict: (target) => damageFileOf(target, { ...base, how: 'truncate', keep: 0.5 }),
    says: /still ends after \d+ of its \d+ bytes/,
  },
  {
    fault: 'delete-file',
    inflict: (target) => damageFileOf(target, { ...base, how: 'delete' }),
    says: /is still not there/,
  },
];
