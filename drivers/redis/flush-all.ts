import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { NothingToActOn } from '../../core/errors.ts';
import { nothingToUndo } from '../undone.ts';
import { openServer, type Server } from './server.ts';
import type { Address } from './connection.ts';
import { databasesOf, musterPrefix } from './keys.ts';
import type { RedisSite } from './site.ts';

/** The mark outlives every witness, and no drill that forgot it. */
const markSeconds = 600;

/**
 * FLUSHALL, as an operator would type it. It goes into the append-only file, and with save points Redis
 * writes an empty snapshot at once: a restart brings nothing back. Clients may write again in the next
 * millisecond, so that an empty DBSIZE is no proof to wait for: a key of our own is left just before, and
 * another connection finds it gone, and fewer keys than before.
 */
export async function flushAll(site: RedisSite, address: Address): Promise<ActiveFault> {
  // With it goes what the server writes to its folder.
  await site.service.assertOwnPath(site.persistence.dir);
  const mark = `${musterPrefix}${site.component}:flush:${site.nextNumber()}`;
  const keysBefore = await keysOf(site.server);
  if (keysBefore === 0) throw new NothingToActOn(`${site.service.name} holds no keys to lose`);
  const lost = await site.kept.aboutToLose();
  await site.server.run((redis) => redis.set(mark, '1', 'EX', markSeconds));
  await site.server.run((redis) => redis.flushall());
  return {
    facts: { keysBefore },
    witness: () => witnessFlushed(address, mark, keysBefore),
    ...lost,
    undo: nothingToUndo(site, 'flush-all'),
  };
}

/**
 * Asked on a connection of its own: the mark is gone although its time is not up, and there are fewer keys
 * than before.
 */
export async function witnessFlushed(
  address: Address,
  mark: string,
  keysBefore: number,
): Promise<Proof | null> {
  const another = openServer(address);
  try {
    if ((await another.run((redis) => redis.exists(mark))) !== 0) return null;
    const [keysNow, dbsize] = [await keysOf(another), await another.run((redis) => redis.dbsize())];
    if (keysNow >= keysBefore + 1) return null;
    return {
      what: `another connection counts ${keysNow} keys (DBSIZE ${dbsize}), where ${keysBefore} were, and a key left just before is gone`,
      facts: { keysBefore, keysNow, dbsize, markGone: true },
    };
  } finally {
    another.close();
  }
}

const keysOf = async (server: Server): Promise<number> =>
  (await server.run(databasesOf)).reduce((sum, { keys }) => sum + keys, 0);
