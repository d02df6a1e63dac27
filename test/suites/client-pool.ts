import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { OperationError } from '../../core/ledger.ts';
import type { Endpoint } from '../../core/service.ts';
import { heldWay } from '../support/slow-way.ts';

/** What a driver's clients share. */
interface Pool<Connection> {
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): void;
}

/** A pool of `limit` connections to a server, `ask` one round trip on one of them. */
export interface PoolCase<Connection> {
  server(): Promise<Endpoint>;
  open(clients: () => Promise<Endpoint>, limit: number, patienceMs: number): Pool<Connection>;
  ask(connection: Connection): Promise<unknown>;
}

/** Has a connection until told what becomes of the work on it. */
async function holding<C>(pool: Pool<C>): Promise<{ connection: C; done(): void; fails(): void }> {
  const work = Promise.withResolvers<void>();
  const connection = await new Promise<C>((has, fails) => {
    const worksOn = (connection: C): Promise<void> => {
      has(connection);
      return work.promise;
    };
    pool.use(worksOn).catch(fails);
  });
  return { connection, done: work.resolve, fails: () => work.reject(new Error('the work failed')) };
}

/** Longer than that of the load: a test may have its first connection while the machine does much else. */
const patienceMs = 5_000;

const failed = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'served',
    (error: unknown) => error,
  );
const certain = expect.objectContaining({ certain: true });

/** No place of a pool may be lost, whatever becomes of who waits for it and of what is made for it. */
export function clientPoolSuite<Connection>({ server, open, ask }: PoolCase<Connection>): void {
  const served = async (pool: Pool<Connection>): Promise<void> => void (await pool.use(ask));

  test('a client whose patience ends while its connection is being made costs no place', async () => {
    const way = await heldWay(server);
    const pool = open(async () => way.here, 1, patienceMs);
    try {
      const first = await holding(pool);
      const waiting = failed(pool.use(ask));
      await systemClock.sleep(patienceMs / 2);
      way.hold();
      // The place is free now; the connection that is made for who waits comes later than that one waits.
      first.fails();
      expect(await waiting).toEqual(certain);
      expect(await waiting).toBeInstanceOf(OperationError);
      way.letThrough();
      await served(pool);
      await served(pool);
    } finally {
      pool.close();
      way.close();
    }
  });

  test('a server that takes connections and never greets holds no place longer than a client waits', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    let clients: Endpoint = { host: '127.0.0.1', port: (silent.address() as AddressInfo).port };
    const pool = open(async () => clients, 2, patienceMs);
    try {
      const all = await Promise.all([1, 2, 3, 4].map(() => failed(pool.use(ask))));
      expect(all).toEqual([certain, certain, certain, certain]);
      clients = await server();
      // An attempt may have begun in the very moment in which the patience of those two ended that waited.
      await systemClock.sleep(patienceMs);
      await Promise.all([served(pool), served(pool), served(pool)]);
    } finally {
      pool.close();
      silent.close();
    }
  });

  test('who waits is served by the place of a connection that was given up, or given back', async () => {
    const pool = open(server, 1, patienceMs);
    try {
      const first = await holding(pool);
      const second = holding(pool);
      const third = holding(pool);
      first.fails();
      const other = await second;
      expect(other.connection).not.toBe(first.connection);
      other.done();
      const last = await third;
      expect(last.connection).toBe(other.connection);
      await ask(last.connection);
      last.done();
      await served(pool);
    } finally {
      pool.close();
    }
  });

  test('an address that nobody listens at, or nobody knows, fails who asked and no more', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    let clients: () => Promise<Endpoint> = async () => ({ host: '127.0.0.1', port });
    const pool = open(() => clients(), 1, patienceMs);
    try {
      const refused = await Promise.all([1, 2, 3].map(() => failed(pool.use(ask))));
      expect(refused).toEqual([certain, certain, certain]);
      clients = () => Promise.reject(new Error('nobody knows'));
      await systemClock.sleep(50);
      expect(await failed(pool.use(ask))).toMatchObject({ certain: true, message: /nobody knows/ });
      clients = server;
      await systemClock.sleep(50);
      await served(pool);
    } finally {
      pool.close();
    }
  });
}
