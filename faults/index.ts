import type { AnyFault } from '../core/fault.ts';
import bandwidth from './bandwidth.ts';
import bucketEmptied from './bucket-emptied.ts';
import certificateExpired from './certificate-expired.ts';
import closedForWrites from './closed-for-writes.ts';
import configLost from './config-lost.ts';
import corruptPages from './corrupt-pages.ts';
import corruptRows from './corrupt-rows.ts';
import crash from './crash.ts';
import deleteFile from './delete-file.ts';
import deleteRows from './delete-rows.ts';
import diskFull from './disk-full.ts';
import dropTable from './drop-table.ts';
import encryptVolume from './encrypt-volume.ts';
import flipBits from './flip-bits.ts';
import flushAll from './flush-all.ts';
import hang from './hang.ts';
import killLoop from './kill-loop.ts';
import latency from './latency.ts';
import limitData from './limit-data.ts';
import memoryLimit from './memory-limit.ts';
import objectCorrupted from './object-corrupted.ts';
import objectDeleted from './object-deleted.ts';
import partition from './partition.ts';
import pause from './pause.ts';
import proxyDown from './proxy-down.ts';
import regionLost from './region-lost.ts';
import removeContainer from './remove-container.ts';
import reset from './reset.ts';
import rotateKeyLost from './rotate-key-lost.ts';
import slicer from './slicer.ts';
import stalePage from './stale-page.ts';
import stop from './stop.ts';
import storeSlow from './store-slow.ts';
import storeUnreachable from './store-unreachable.ts';
import timeout from './timeout.ts';
import truncateFile from './truncate-file.ts';
import wipeVolume from './wipe-volume.ts';
import wrongCertificate from './wrong-certificate.ts';
import wrongConfig from './wrong-config.ts';

/** Every way to break a component or a store, by its name in a scenario. */
export const faults = {
  crash,
  pause,
  hang,
  stop,
  'wipe-volume': wipeVolume,
  'corrupt-pages': corruptPages,
  'drop-table': dropTable,
  'delete-rows': deleteRows,
  'corrupt-rows': corruptRows,
  'flush-all': flushAll,
  'wrong-config': wrongConfig,
  'store-unreachable': storeUnreachable,
  'store-slow': storeSlow,
  'object-corrupted': objectCorrupted,
  'object-deleted': objectDeleted,
  'bucket-emptied': bucketEmptied,
  'rotate-key-lost': rotateKeyLost,
  'remove-container': removeContainer,
  'kill-loop': killLoop,
  'memory-limit': memoryLimit,
  'flip-bits': flipBits,
  'truncate-file': truncateFile,
  'delete-file': deleteFile,
  'stale-page': stalePage,
  'disk-full': diskFull,
  'encrypt-volume': encryptVolume,
  bandwidth,
  'certificate-expired': certificateExpired,
  'closed-for-writes': closedForWrites,
  'config-lost': configLost,
  latency,
  'limit-data': limitData,
  partition,
  'proxy-down': proxyDown,
  'region-lost': regionLost,
  reset,
  slicer,
  timeout,
  'wrong-certificate': wrongCertificate,
} satisfies Record<string, AnyFault>;
