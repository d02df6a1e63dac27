import type { Attached } from '../../core/driver.ts';
import type { Inflicted } from '../../core/abilities.ts';

/**
 * A fault of Redis whose effect is asked for again: there where nobody repaired it, and not where a recovery
 * did.
 */
export interface StillThere {
  fault: string;
  inflict(target: Attached): Promise<Inflicted>;
  says: RegExp;
}

const base = { file: 'data', restart: true, seed: 7 } as const;

export const redisFaults: StillThere[] = [
  {
    fault: 'flush-all',
    inflict: (target) => target.flushAll!(),
    says: /of 3 keys of the application that were there since the drill began, clients find none/,
  },
  {
    fault: 'wipe-volume',
    inflict: (target) => target.wipe!(),
    says: /of 3 keys of the application that were there since the drill began, clients find none/,
  },
  {
    fault: 'encrypt-volume',
    inflict: (target) => target.encryptVolume!(),
    says: /locked files and none under the names|clients find none/,
  },
  {
    fault: 'flip-bits',
    inflict: (target) => target.damageFile!({ ...base, how: 'flip-bits', bits: 64 }),
    says: /all \d+ flipped bits are still in the same/,
  },
  {
    fault: 'truncate-file',
    inflict: (target) => target.damageFile!({ ...base, how: 'truncate', keep: 0.5 }),
    says: /still ends after \d+ of its \d+ bytes/,
  },
  {
    fault: 'delete-file',
    inflict: (target) => target.damageFile!({ ...base, how: 'delete' }),
    says: /is still not there/,
  },
];
