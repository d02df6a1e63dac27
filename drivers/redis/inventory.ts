import { createHash, createHmac } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import { messageOf } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import {
  compareKeys,
  countKeys,
  differencesInWords,
  toleranceMs,
  type Compared,
  type Counted,
} from './compare-keys.ts';
import type { Address } from './connection.ts';
import { commandsChanged, commandsOf, type Commands } from './commands.ts';
import { shown } from './key-names.ts';
import { databasesOf } from './keys.ts';
import type { Lent } from './lent.ts';
import { commonOf, readDatabase, type Common } from './read-keys.ts';
import { NobodyAnswers, withOwn } from './server.ts';
import { compareSettings, settingsOf, type Settings, type SettingsCompared } from './settings.ts';
import type { Product } from './product.ts';
import { Spool } from './spool.ts';
import { parseInfo } from './info.ts';

const namedAtMost = 20;
/**
 * What a server says that answers, and with which a client gets no further. Any of it is no matter of rights
 * to some command.
 */
const letsNobodyIn = /\bmax number of clients|\bprotected mode|\bNOAUTH\b|\bWRONGPASS\b/;

/** Small enough for the timeline. Groups are named `database 1: session (string)`. */
interface Inventory {
  groups: Record<string, { total: number; lasting: number }>;
  settings: Settings | null;
  /** Users and libraries of functions, with a digest of their rules and code: rules hold password hashes. */
  users: Record<string, string>;
  functions: Record<string, string>;
  /** Whether it was the component's own server that clients used; another after a failover. */
  ownServer: boolean;
  /** What could not be read, and why. */
  unread: string[];
}

/**
 * Names and values stay out of the record, since an application may keep secrets in them: digests of them, on
 * disk.
 */
interface Kept {
  keys: Spool;
  counted: ReadonlyMap<number, Counted>;
  common: Common;
  commands: Commands;
}

/**
 * The application's keys in every database, by prefix and type: that they are there, with their values, and
 * with the moment at which they expire; functions, users, commands, and the settings that decide about
 * durability and about who may ask what. A key whose time has come may be gone, or written anew. Keys that
 * the application rewrites on its own (`volatileKeys`) are only counted. What may not be read is named, and
 * is no pass. `own`: the component's server itself, wherever clients are sent; `lent`: of that one.
 */
export function inventoryCheck(
  address: Address,
  own: Address,
  isVolatile: (key: Buffer) => boolean,
  { lent, product }: { lent: Lent['before']; product: Product },
): Check & { close(): void } {
  let kept: Kept | null = null;
  const close = (): void => {
    kept?.keys.close();
    kept = null;
  };
  return {
    close,
    before: async () => {
      close();
      const mine: Kept = {
        keys: new Spool(),
        counted: new Map(),
        common: commonOf(isVolatile),
        commands: noCommands,
      };
      kept = mine;
      const {
        commands,
        commandsWrong: _,
        ...inventory
      } = await withOwn(address, (redis) =>
        inventoryOf(redis, { own, lent, product, known: noCommands }, mine.common, mine.keys),
      );
      mine.counted = countKeys(mine.keys).groups;
      mine.commands = commands;
      return asJson({ ...inventory, groups: byName(mine.counted, mine.common) });
    },
    after: async (baseline) => {
      if (baseline === null || kept === null)
        return { verdict: 'inconclusive', detail: 'nothing was noted before the load', facts: null };
      const { keys, counted, common, commands: known } = kept;
      const found = new Spool();
      try {
        const { commands, commandsWrong, ...after } = await withOwn(address, (redis) =>
          inventoryOf(redis, { own, lent, product, known }, common, found),
        );
        const compared = compareKeys(keys, found, after.nowMs);
        const words = [...differencesInWords(compared, counted, common.groups), ...commandsWrong];
        return judge(
          baseline as unknown as Inventory,
          { ...after, groups: byName(compared.now, common) },
          compared,
          words,
        );
      } catch (error) {
        const why = messageOf(error);
        if (!letsNobodyIn.test(why)) {
          if (!(error instanceof NobodyAnswers)) throw error;
          return { verdict: 'inconclusive', detail: why, facts: null, nobody: true };
        }
        return {
          verdict: 'fail',
          detail: `whoever was let in before the load is not let in now: ${why}`,
          facts: asJson({ before: baseline, why }),
        };
      } finally {
        found.close();
      }
    },
  };
}

const noCommands: Commands = { names: new Set(), version: '' };
const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

const byName = (groups: ReadonlyMap<number, Counted>, { groups: names }: Common): Inventory['groups'] =>
  Object.fromEntries(
    [...groups]
      .filter(([, { fields }]) => !fields)
      .map(([group, { total, lasting }]) => [names.nameOf(group), { total, lasting }]),
  );

/**
 * Everything but the groups. `nowMs`: the server's own clock when all had been read, as its expiries are by
 * it; where it may not be read, any may be over.
 */
async function inventoryOf(
  redis: Redis,
  { own, lent, product, known }: { own: Address; lent: Lent['before']; product: Product; known: Commands },
  common: Common,
  spool: Spool,
): Promise<Omit<Inventory, 'groups'> & { nowMs: number; commands: Commands; commandsWrong: string[] }> {
  const unread = new Map<string, string>();
  const tried = async <T>(what: string, nothing: T, read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ReplyError' || letsNobodyIn.test(error.message))
        throw error;
      unread.set(what, messageOf(error));
      return nothing;
    }
  };
  const databases = await tried('databases', [0], async () =>
    (await databasesOf(redis)).map(({ database }) => database),
  );
  const reading = {
    ...common,
    spool,
    tried,
    unread: (what: string, why: string): void => void unread.set(what, why),
  };
  for (const database of databases)
    await tried(`keys of database ${database}`, undefined, () => readDatabase(redis, database, reading));
  const commands = await tried('commands', noCommands, () => commandsOf(redis, product));
  const ownServer = await tried('which server it is', false, () => isOwn(redis, own));
  return {
    nowMs: await tried('the clock', Infinity, async () => Number((await redis.time())[0]) * 1000 + 1000),
    settings: await tried('settings', null, () =>
      settingsOf(redis, product.settings, salted(common), ownServer ? lent : () => new Map()),
    ),
    users: await tried('users', {}, async () =>
      Object.fromEntries(
        ((await redis.callBuffer('ACL', 'LIST')) as Buffer[]).map((rule) => [
          shown(Buffer.from(rule.toString('latin1').split(' ')[1]!, 'latin1')),
          salted(common)(rule),
        ]),
      ),
    ),
    functions: await tried('functions', {}, () => functionsOf(redis)),
    commands,
    commandsWrong: await tried('commands', [], () => commandsChanged(redis, known, commands)),
    ownServer,
    unread: [...unread].map(([what, why]) => `${what} (${why})`),
  };
}

/**
 * Whether this is the component's own server, by the number that each process of Redis gives itself. One that
 * does not answer is not where clients are.
 */
async function isOwn(redis: Redis, own: Address): Promise<boolean> {
  const idOf = async (one: Redis): Promise<string | undefined> =>
    parseInfo(await one.info('server'))['run_id'];
  const [here, there] = await Promise.all([idOf(redis), withOwn(own, idOf).catch(() => null)]);
  return here !== undefined && here === there;
}

const digest = (...parts: Buffer[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex').slice(0, 16);
/** Of what may be, or hold, a password: nobody who reads the record can try passwords on it. */
const salted =
  ({ salt }: Common) =>
  (text: string | Buffer): string =>
    createHmac('sha256', salt).update(text).digest('hex').slice(0, 16);

async function functionsOf(redis: Redis): Promise<Record<string, string>> {
  const libraries = (await redis.callBuffer('FUNCTION', 'LIST', 'WITHCODE')) as unknown[][];
  return Object.fromEntries(
    libraries.map((library) => {
      const at = (name: string): number => library.findIndex((each) => String(each) === name) + 1;
      const field = (name: string): Buffer => library[at(name)] as Buffer;
      return [shown(field('library_name')), digest(field('engine'), Buffer.from(' '), field('library_code'))];
    }),
  );
}

function judge(before: Inventory, after: Inventory, compared: Compared, words: string[]): CheckOutcome {
  const settings = settingsCompared(before, after);
  const wrong = [...words, ...settings.wrong, ...wrongBeside(before, after)];
  const unread = [...new Set([...before.unread, ...after.unread])];
  const { expired, renewed, volatile } = compared;
  const facts = asJson({
    before,
    after,
    compared: compared.compared,
    expired,
    renewed,
    volatile,
    toleranceMs,
  });
  const told = settings.told.length > 0 ? `; changed, and no weaker: ${settings.told.join(', ')}` : '';
  const not = `${told}${unread.length > 0 ? `; could not be read: ${unread.join('; ')}` : ''}`;
  if (wrong.length > 0) {
    const more = wrong.length > namedAtMost ? [`and ${wrong.length - namedAtMost} more`] : [];
    return {
      verdict: 'fail',
      gone: unread.length > 0 ? [] : emptied(before, after),
      detail: `${[...wrong.slice(0, namedAtMost), ...more].join('; ')}${not}`,
      facts,
    };
  }
  const detail = `${seenOf(before, compared)}; ${Object.keys(before.functions).length} libraries of functions, ${Object.keys(before.users).length} users and ${settings.same} settings as before${not}`;
  const nothing = compared.compared === 0 && Object.keys(before.functions).length === 0;
  if (nothing && unread.length === 0)
    return {
      verdict: 'inconclusive',
      detail: `${detail}: no data of the application to compare`,
      facts,
      nothing: true,
    };
  return { verdict: unread.length > 0 ? 'inconclusive' : 'pass', detail, facts };
}

/** Databases of which keys that never expire were known, and that hold none of the application's now. */
function emptied(before: Inventory, after: Inventory): string[] {
  const databaseOf = (group: string): string => group.split(':')[0]!;
  const held = Object.entries(before.groups)
    .filter(([, { lasting }]) => lasting > 0)
    .map(([group]) => databaseOf(group));
  const holds = new Set(
    Object.entries(after.groups)
      .filter(([, { total }]) => total > 0)
      .map(([group]) => databaseOf(group)),
  );
  return [...new Set(held)]
    .filter((database) => !holds.has(database))
    .map((database) => `${database} is empty`);
}

function seenOf({ groups }: Inventory, { expired, renewed, volatile }: Compared): string {
  const total = Object.values(groups).reduce((sum, group) => sum + group.total, 0);
  const databases = new Set(Object.keys(groups).map((group) => group.split(':')[0])).size;
  return [
    `${total} keys of the application in ${databases} databases, with their values and the moments at which they expire`,
    ...(expired > 0 ? [`${expired} had expired in their time`] : []),
    ...(renewed > 0 ? [`${renewed} were written anew after it`] : []),
    ...(volatile.before > 0 ? [`${volatile.before} volatile keys, ${volatile.now} now, not compared`] : []),
  ].join(', ');
}

const settingsCompared = (before: Inventory, after: Inventory): SettingsCompared =>
  before.settings && after.settings
    ? compareSettings(before.settings, after.settings, before.ownServer && after.ownServer)
    : { wrong: [], told: [], same: 0 };

/** What is wrong beside the keys and the settings. */
function wrongBeside(before: Inventory, after: Inventory): string[] {
  const told = (what: string): boolean =>
    ![...before.unread, ...after.unread].some((each) => each.startsWith(what));
  return [
    ...(told('users') ? named('user', before.users, after.users, 'other rules') : []),
    ...(told('functions')
      ? named('functions of library', before.functions, after.functions, 'other code')
      : []),
  ];
}

function named(
  what: string,
  before: Record<string, string>,
  after: Record<string, string>,
  other: string,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => before[name] !== after[name],
  );
  return names.map((name) => `${what} ${name}: ${before[name] ? (after[name] ? other : 'gone') : 'new'}`);
}
