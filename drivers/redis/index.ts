import { z } from 'zod';
import { defineDriver } from '../../core/driver.ts';
import type { BackupMethod } from '../../core/backup.ts';
import type { DataWorkload } from '../../core/workload.ts';
import { environmentError } from '../../core/errors.ts';
import { refusesWritesCheck } from '../fencing.ts';
import { killLoopAbility } from '../kill-loop.ts';
import { memoryLimitAbility } from '../memory-limit.ts';
import { processAbilities } from '../process.ts';
import { startAbout, startAction } from '../start.ts';
import { volumeAbilities } from '../volume-abilities.ts';
import { aofMethod, aofOptions } from './aof.ts';
import { sharedEndpoint, type Address } from './connection.ts';
import { expiryCheck } from './expiry.ts';
import { attemptWrite, closeWrites } from './fence.ts';
import { flushAll } from './flush-all.ts';
import { followsCheck } from './follows.ts';
import { inventoryCheck } from './inventory.ts';
import { keptKeys, type KeptKeys } from './kept-keys.ts';
import { ownershipOf } from './ownership.ts';
import { versionOf } from './position.ts';
import { rdbMethod } from './rdb.ts';
import { isInPlace, replicaActions, replicaActionsAbout } from './replica.ts';
import { rdbOptions } from './restore-rdb.ts';
import { openServer, persistenceOf, type Server } from './server.ts';
import type { Site } from './site.ts';
import { matcherOf } from './volatile-keys.ts';
import { redisVolume } from './volume.ts';
import { wipe } from './wipe.ts';
import { redisWorkload } from './workload.ts';

const port = 6379;
/** Multi-part append-only files came with 7.0, WAITAOF with 7.2. */
const oldest = [7, 2];

const configSchema = z.strictObject({
  username: z.string().optional().describe('User to log in as; `default` when left out'),
  passwordFrom: z.string().optional().describe('Name of the secret that holds the password'),
  groupSize: z
    .union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16)])
    .default(4)
    .describe('Records that a load writes in one transaction'),
  volatileKeys: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Keys that the application rewrites on its own, such as `cache:*`: whether they are there, their values and their expiries are not compared. `*` stands for any text, `?` for one character',
    ),
  neverReturn: z.boolean().default(false).describe('Removed records must never be back'),
});

async function versionFrom(server: Server): Promise<string> {
  const { redis_version: version } = await server.info('server');
  const [major, minor] = versionOf(version ?? '');
  if (major! < oldest[0]! || (major === oldest[0] && minor! < oldest[1]!))
    throw environmentError('this Redis is too old', {
      found: version,
      expected: `${oldest.join('.')} or newer`,
    });
  return `Redis ${version}`;
}

/** What every recovery point holds was there before the first of them, and before the load. */
const rememberingBefore = (kept: KeptKeys, method: BackupMethod): BackupMethod => ({
  ...method,
  backup: async (to, context) => {
    await kept.remember();
    return method.backup!(to, context);
  },
});
const preparedAfter = (kept: KeptKeys, workload: DataWorkload): DataWorkload => ({
  ...workload,
  prepare: async () => {
    await kept.remember();
    await workload.prepare();
  },
});

export default defineDriver({
  about: 'Redis 7.2 and later: snapshots (RDB), append-only file (AOF)',
  config: configSchema,
  port,
  dataFolders: ['/data', '/var/lib/redis', '/bitnami/redis/data'],
  abilities: [
    'crash',
    'pause',
    'hang',
    'stop',
    'partition',
    'wipe',
    'flushAll',
    'killLoop',
    'exhaustMemory',
    'damageFile',
    'fillDisk',
    'encryptVolume',
    'closeWrites',
  ],
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
  attach: async ({ component, service, config, clients, clock, secret, peer }) => {
    const credentials = {
      username: config.username,
      password: config.passwordFrom === undefined ? undefined : secret(config.passwordFrom),
    };
    const shared = (endpoint: Address['endpoint']): Address => ({
      ...credentials,
      endpoint: sharedEndpoint(endpoint, clock.nowMs),
    });
    const server = openServer(shared(() => service.endpoint(port)));
    // For whoever judges what clients meet: wherever a failover has put it.
    const asClients = openServer(shared(clients));
    try {
      const version = await versionFrom(server);
      let number = 0;
      const isVolatile = matcherOf(config.volatileKeys);
      const inventory = inventoryCheck(
        shared(clients),
        shared(() => service.endpoint(port)),
        isVolatile,
      );
      const [persistence, ownership] = [await persistenceOf(server), await ownershipOf(service, server)];
      const kept = keptKeys(
        shared(() => service.endpoint(port)),
        shared(clients),
      );
      const site: Site = {
        component,
        service,
        server,
        clock,
        version,
        persistence,
        ownership,
        nextNumber: () => (number += 1),
        credentials,
        peer,
        standing: { role: 'primary', source: null, needsReplicas: '0', atStart: null },
        kept,
      };
      return {
        server: version,
        dataFolder: site.persistence.dir,
        backups: {
          rdb: rememberingBefore(kept, rdbMethod(site)),
          aof: rememberingBefore(kept, aofMethod(site)),
        },
        workload: preparedAfter(
          kept,
          redisWorkload({
            component,
            address: shared(clients),
            groupSize: config.groupSize,
            neverReturn: config.neverReturn,
          }),
        ),
        actions: { ...replicaActions(site), start: startAction(service, clock, () => isInPlace(site)) },
        checks: {
          'refuses-writes': refusesWritesCheck(service, () => attemptWrite(site)),
          ttl: expiryCheck(asClients, component, isVolatile),
          follows: followsCheck(
            site,
            shared(() => service.endpoint(port)),
          ),
          inventory,
        },
        ...processAbilities(service),
        ...killLoopAbility(service, clock),
        ...memoryLimitAbility(service, clock),
        ...volumeAbilities(redisVolume(site)),
        wipe: () => wipe(site),
        closeWrites: () => closeWrites(site),
        flushAll: () =>
          flushAll(
            site,
            shared(() => service.endpoint(port)),
          ),
        ready: () => isInPlace(site),
        close: async () => {
          for (const one of [server, asClients, inventory]) one.close();
        },
      };
    } catch (error) {
      asClients.close();
      server.close();
      throw error;
    }
  },
});
