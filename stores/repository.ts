import type { Clock } from '../core/clock.ts';
import { inputError } from '../core/errors.ts';
import type { PointSpec, Store, Repository } from '../core/store.ts';
import { createCipher, type Cipher } from './cipher.ts';
import type { Copies } from './copies.ts';
import { drillTime } from './drill-time.ts';
import { isLaidOut, logPrefix, pointPrefix } from './layout.ts';
import { retrieveLog } from './log-retrieval.ts';
import { openLog } from './log.ts';
import { createPoint } from './point.ts';
import { prune } from './retention.ts';
import { readPoints, retrieve, type Source } from './retrieval.ts';

export interface RepositoryOptions {
  stores: Map<string, Store>;
  /** The 32 bytes of the backup key. Asked for when something is encrypted or decrypted, not before. */
  key(): Buffer;
  clock: Clock;
  /** Origin of the drill's clock: what its `…AtMs` count from. */
  originMs: number;
  drill: string;
}

/**
 * The repository of a drill. Raises an input error for a store that it was not given. Closes the stores when
 * it is closed.
 */
export function createRepository({ stores, key, clock, originMs, drill }: RepositoryOptions): Repository {
  let made: { key: Buffer; cipher: Cipher } | null = null;
  // A key can be rotated while the repository is open: what was made with another one must then be refused.
  const cipher = (): Cipher => {
    const now = key();
    if (!made?.key.equals(now)) made = { key: now, cipher: createCipher(now) };
    return made.cipher;
  };
  const storeOf = (name: string): Store => {
    const store = stores.get(name);
    if (!store)
      throw inputError('no such store', { found: name, expected: `one of ${[...stores.keys()].join(', ')}` });
    return store;
  };
  const copiesOf = (spec: PointSpec): Copies => {
    if (spec.copies.length === 0)
      throw inputError(`${spec.component}.${spec.backup} names no store for its copies`);
    return new Map(spec.copies.map((name) => [name, storeOf(name)]));
  };
  /** Where this repository has written, by prefix. */
  const written = new Set<string>();
  const time = drillTime(clock, originMs);
  const source = (name: string): Source => ({ store: storeOf(name), name, cipher });
  const cipherOf = (spec: PointSpec): Cipher | null => (spec.encrypt ? cipher() : null);

  return {
    begin: async (spec) => {
      const point = createPoint(spec, {
        copies: copiesOf(spec),
        cipher: cipherOf(spec),
        time,
        drill,
      });
      written.add(pointPrefix({ component: spec.component, backup: spec.backup, id: point.id }));
      return point;
    },
    points: async (component, backup, store, whose = 'drill') =>
      (await readPoints(component, backup, source(store), drill)).filter(
        ({ provenance }) => provenance === whose,
      ),
    wrote: (key) => [...written].some((prefix) => key.startsWith(prefix)),
    isOwn: isLaidOut,
    fetch: async (point, store, context) => retrieve(point, source(store), context),
    prune: async (spec, keep, between) =>
      prune(spec, keep, { copies: copiesOf(spec), source, time, drill, between }),
    followLog: async (spec, durable) => {
      written.add(logPrefix({ component: spec.component, backup: spec.backup, drill }));
      return openLog(spec, {
        copies: copiesOf(spec),
        cipher: cipherOf(spec),
        time,
        drill,
        durable,
      });
    },
    fetchLog: async (component, backup, store, context, of = drill) =>
      retrieveLog({ component, backup, drill: of }, source(store), context),
    close: async () => {
      const closed = await Promise.allSettled([...stores.values()].map((store) => store.close()));
      const failed = closed.find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
    },
  };
}
