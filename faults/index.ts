import type { GenericFault } from '../core/fault.ts';
import cpuStarved from './container/cpu-starved.ts';
import crash from './container/crash.ts';
import hang from './container/hang.ts';
import killLoop from './container/kill-loop.ts';
import memoryLimit from './container/memory-limit.ts';
import pause from './container/pause.ts';
import removeContainer from './container/remove-container.ts';
import stop from './container/stop.ts';
import partition from './network/partition.ts';
import regionLost from './region/region-lost.ts';
import deleteFile from './storage/delete-file.ts';
import diskFull from './storage/disk-full.ts';
import encryptVolume from './storage/encrypt-volume.ts';
import flipBits from './storage/flip-bits.ts';
import truncateFile from './storage/truncate-file.ts';
import wipeVolume from './storage/wipe-volume.ts';
import bucketEmptied from './store/bucket-emptied.ts';
import objectCorrupted from './store/object-corrupted.ts';
import objectDeleted from './store/object-deleted.ts';
import rotateKeyLost from './store/rotate-key-lost.ts';
import storeSlow from './store/store-slow.ts';
import storeUnreachable from './store/store-unreachable.ts';

/**
 * What any container, folder of data, store or region can suffer, by its name in a scenario. What only one
 * technology knows is with its driver.
 */
export const faults = {
  crash,
  'cpu-starved': cpuStarved,
  pause,
  hang,
  stop,
  'kill-loop': killLoop,
  'memory-limit': memoryLimit,
  'remove-container': removeContainer,
  partition,
  'wipe-volume': wipeVolume,
  'flip-bits': flipBits,
  'truncate-file': truncateFile,
  'delete-file': deleteFile,
  'disk-full': diskFull,
  'encrypt-volume': encryptVolume,
  'store-unreachable': storeUnreachable,
  'store-slow': storeSlow,
  'object-corrupted': objectCorrupted,
  'object-deleted': objectDeleted,
  'bucket-emptied': bucketEmptied,
  'rotate-key-lost': rotateKeyLost,
  'region-lost': regionLost,
} satisfies Record<string, GenericFault>;
