import type { BackupMethod } from '../../core/backup.ts';
import { defineDriver, type Driver } from '../../core/driver.ts';
import { sourceIn } from '../link.ts';
import { actions } from './actions.ts';
import { checks } from './checks.ts';
import { aofOptions, configSchema, port, position, rdbOptions, type RedisConfig } from './config.ts';
import closedForWrites from './faults/closed-for-writes.ts';
import flushAll from './faults/flush-all.ts';
import wipeVolume from './faults/wipe-volume.ts';
import type { Product } from './product.ts';
import type { RedisSite } from './site.ts';
import type { RedisSystem } from './system.ts';

/** What every recovery point holds was there before the first of them, and before the load. */
const rememberingBefore = ({ kept }: RedisSite, method: BackupMethod): BackupMethod => ({
  ...method,
  backup: async (to, context) => {
    await kept.remember();
    return method.backup!(to, context);
  },
});

/**
 * The driver of one server of the family. This file and `product.ts` are what a driver of a fork imports; it
 * has the rest from here.
 */
export const driverOf = (
  product: Product,
  { images, ...own }: { about: string; dataFolders: readonly string[]; images: readonly string[] },
): Driver<RedisConfig, RedisSystem> =>
  defineDriver<RedisConfig, RedisSystem>({
    ...own,
    images: { product: product.name, names: images, oldest: product.oldest },
    config: configSchema,
    port,
    faults: { 'wipe-volume': wipeVolume, 'flush-all': flushAll, 'closed-for-writes': closedForWrites },
    backups: {
      rdb: {
        about: 'BGSAVE, checked and taken out whole',
        kind: 'snapshot',
        options: rdbOptions,
        position,
        of: async ({ site }) => rememberingBefore(site, (await import('./rdb.ts')).rdbMethod(site)),
      },
      aof: {
        about: 'the append-only file as it stands, while it is written',
        kind: 'snapshot',
        options: aofOptions,
        position,
        of: async ({ site }) => rememberingBefore(site, (await import('./aof.ts')).aofMethod(site)),
      },
    },
    existing: {
      about: 'snapshots (RDB)',
      knownBad: {
        spoilt: 'not one key is there',
        shownBy: 'test/drivers/redis-existing.docker.test.ts',
      },
      holds: [],
      of: async (system) => (await import('./existing/index.ts')).existingSnapshots(system),
      fingerprint: async (source) => (await import('./existing/fingerprint.ts')).fingerprintAt(source),
    },
    // The last byte before the checksum says that no more follows.
    dumps: [
      {
        about: 'a snapshot of the server',
        begins: /^(?:REDIS|VALKEY)\d/,
        ends: /\xff[^]{8}$/,
        // When it was made, with how much memory, and the checksum over that.
        varies: {
          first: /ctime\xc2[^]{4}|used-mem(?:\xc2[^]{4}|\xc1[^]{2}|\xc0[^])/g,
          last: /[^]{8}$/g,
        },
      },
    ],
    workload: 'data',
    actions,
    takesOver: ['promote'],
    copiesFrom: { replicate: sourceIn, rejoin: sourceIn },
    checks,
    load: () =>
      Promise.all([
        import('./attach.ts'),
        import('./rdb.ts'),
        import('./aof.ts'),
        import('./follows.ts'),
        import('./expiry.ts'),
        import('./fence.ts'),
      ]),
    open: async (context) => (await import('./attach.ts')).open(context, product),
  });
