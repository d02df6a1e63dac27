import type { Abilities } from '../core/abilities.ts';
import { cipherVolume } from './cipher-volume.ts';
import { damageFile } from './file-damage.ts';
import { fillDisk } from './full-disk.ts';
import type { Volume } from './volume.ts';

/**
 * What any volume of a container can suffer. Whatever they change they change from a helper beside the
 * service, which runs or not.
 */
export const volumeAbilities = (
  volume: Volume,
): Pick<Abilities, 'damageFile' | 'fillDisk' | 'encryptVolume'> => ({
  damageFile: (damage) => damageFile(volume, damage),
  fillDisk: () => fillDisk(volume),
  encryptVolume: () => cipherVolume(volume),
});
