import type { Redis } from 'ioredis';
import { messageOf, MusterError } from '../../core/errors.ts';
import { asLost, openConnection, whenConnected, type Address } from './connection.ts';
import { musterPrefix } from './keys.ts';
import { type Info, parseInfo } from './info.ts';

/** What the server's own configuration says about where and how it keeps its data. */
export interface Persistence {
  dir: string;
  dbfilename: string;
  appendonly: boolean;
  /** Each write is on the disk before it is acknowledged. */
  flushes: boolean;
  appenddirname: string;
  appendfilename: string;
  /** How many it may hold. */
  databases: number;
  modules: Module[];
  /** Highest version of RDB that it writes and loads; null where it does not say. */
  format: number | null;
}

export interface Module {
  path: string;
  args: string[];
}

const connectDeadlineMs = 5_000;
/** For looks that no recovery is charged with: a busy machine is silent for seconds. */
const patienceMs = 10_000;

/** No connection was there in time: nothing was asked. */
export class NobodyAnswers extends MusterError {
  constructor(cause: unknown) {
    super('environment', 'the server does not answer', { found: messageOf(cause), cause });
  }
}

/** The driver's own connection to the server, beside the clients': for what operators do. */
export interface Server {
  /**
   * Runs commands on the connection; waits for it first. Rejects with an environment error when there is none
   * in time.
   */
  run<T>(work: (redis: Redis) => Promise<T>): Promise<T>;
  info(section: string): Promise<Info>;
  answers(): Promise<boolean>;
  /** Called each time that a connection was made, from now on. */
  onConnected(act: () => void): void;
  close(): void;
}

export const openServer = (address: Address): Server => serverOn(openConnection(address), connectDeadlineMs);

function serverOn(redis: Redis, connectMs: number): Server {
  const run = async <T>(work: (redis: Redis) => Promise<T>): Promise<T> => {
    try {
      await whenConnected(redis, connectMs);
    } catch (error) {
      throw new NobodyAnswers(error);
    }
    try {
      return await work(redis);
    } catch (error) {
      throw asLost(error);
    }
  };
  return {
    run,
    info: (section) => run(async (connection) => parseInfo(await connection.info(section))),
    answers: async () => redis.status === 'ready' && (await redis.ping().catch(() => '')) === 'PONG',
    onConnected: (act) => void redis.on('ready', act),
    close: () => redis.disconnect(),
  };
}

/** On a connection of its own, for work that selects databases: nobody else's commands go there. */
export async function withOwn<T>(address: Address, work: (redis: Redis) => Promise<T>): Promise<T> {
  const own = serverOn(openConnection(address, patienceMs), patienceMs);
  try {
    return await own.run(work);
  } finally {
    own.close();
  }
}

/** CONFIG GET of several parameters, as the server prints them. */
export async function configOf(redis: Redis, names: readonly string[]): Promise<Record<string, string>> {
  const flat = (await redis.call('CONFIG', 'GET', ...names)) as string[];
  const found: Record<string, string> = {};
  for (let i = 0; i < flat.length; i += 2) found[flat[i]!] = flat[i + 1]!;
  return found;
}

export async function persistenceOf(server: Server): Promise<Persistence> {
  return server.run(async (redis) => {
    const config = await configOf(redis, [
      'dir',
      'dbfilename',
      'appendonly',
      'appendfsync',
      'appenddirname',
      'appendfilename',
      'databases',
    ]);
    return {
      dir: config['dir']!,
      dbfilename: config['dbfilename']!,
      appendonly: config['appendonly'] === 'yes',
      flushes: config['appendonly'] === 'yes' && config['appendfsync'] === 'always',
      appenddirname: config['appenddirname']!,
      appendfilename: config['appendfilename']!,
      databases: Number(config['databases']),
      modules: modulesOf(await redis.call('MODULE', 'LIST')),
      format: await formatOf(redis),
    };
  });
}

/**
 * Whatever is dumped ends with the version of RDB, in two bytes, and eight of CRC64 (DUMP of cluster.c).
 * Functions can be where there is not one key, and a reader may do it.
 */
async function formatOf(redis: Redis): Promise<number | null> {
  const dumped = await redis.callBuffer('FUNCTION', 'DUMP').catch(() => null);
  return Buffer.isBuffer(dumped) && dumped.length >= 10 ? dumped.readUInt16LE(dumped.length - 10) : null;
}

/**
 * Loaded modules: an RDB with their data loads only where they are loaded too. One without a path is part of
 * the server, and so is one with a mere name there, such as the Lua engine of Valkey. Replies are flat
 * name-value lists in RESP2.
 */
export function modulesOf(reply: unknown): Module[] {
  return (reply as unknown[][]).flatMap((module) => {
    const field = (name: string): unknown => module[module.indexOf(name) + 1];
    const [path, args] = [module.includes('path') && field('path'), module.includes('args') && field('args')];
    return String(path).includes('/')
      ? [{ path: String(path), args: Array.isArray(args) ? args.map(String) : [] }]
      : [];
  });
}

/** What a server says that answers, and takes no write: a replica, no disk, no memory, too few replicas. */
const refusesWrites = /^(READONLY|MISCONF|OOM|NOREPLICAS)\b/;

/**
 * Whether a server takes writes, by one that changes nothing: nothing is put at the beginning of a key that
 * is not there. One that is held back gets no answer, and counts as refused. A refusal for the sake of rights
 * says nothing of the server.
 */
export const takesWrites = (server: Server): Promise<boolean> =>
  server
    .run((redis) => redis.setrange(`${musterPrefix}ready`, 0, ''))
    .then(
      () => true,
      (error: unknown) =>
        error instanceof Error && error.name === 'ReplyError' && !refusesWrites.test(error.message),
    );
