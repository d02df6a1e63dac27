import { defineDriver } from '../../core/driver.ts';
import { startAbout } from '../start.ts';
import { aofOptions, configSchema, port, rdbOptions, replicaActionsAbout } from './config.ts';
import closedForWrites from './faults/closed-for-writes.ts';
import flushAll from './faults/flush-all.ts';
import wipeVolume from './faults/wipe-volume.ts';

export default defineDriver({
  about: 'Redis 7.2 and later: snapshots (RDB), append-only file (AOF)',
  config: configSchema,
  port,
  dataFolders: ['/data', '/var/lib/redis', '/bitnami/redis/data'],
  faults: { 'wipe-volume': wipeVolume, 'flush-all': flushAll, 'closed-for-writes': closedForWrites },
  backups: {
    rdb: { about: 'BGSAVE, checked and taken out whole', kind: 'snapshot', options: rdbOptions },
    aof: {
      about: 'the append-only file as it stands, while it is written',
      kind: 'snapshot',
      options: aofOptions,
    },
  },
  workload: 'data',
  actions: { ...replicaActionsAbout, start: startAbout },
  takesOver: ['promote'],
  checks: {
    'refuses-writes': 'the server refuses a write as read-only, or is off',
    ttl: "keys expire when they should, by absolute time, however long the recovery took: Muster's own, and a sample of the application's",
    follows: 'a replica still holds what it held right before the fault, and what its source has',
    inventory:
      'keys, values and expiries of every database, functions, users, commands, and settings that decide about durability and about who may ask what, before and after',
  },
  load: () => import('./attach.ts'),
  attach: async (context) => (await import('./attach.ts')).attach(context),
});
