import type { Redis } from 'ioredis';
import { messageOf } from '../../core/errors.ts';
import { configOf, type Server } from './server.ts';
import { parseInfo } from './info.ts';

/** A setting that was changed for a while. */
export interface Loan {
  /** Never throws: what cannot be put back now is told, and put back with the next connection. */
  putBack(): Promise<void>;
}

/** Settings of a running server that are not as they were for as long as something of ours takes. */
export interface Lent {
  borrow(name: string, value: string): Promise<Loan>;
  during<T>(name: string, value: string, work: () => Promise<T>): Promise<T>;
  /** Those that are changed now, as they were before. */
  before(): ReadonlyMap<string, string>;
}

/** `process`: the server that was asked, by its own number. One that was started anew owes nothing. */
interface Changed {
  before: string;
  process: string;
  users: number;
  told: boolean;
}

const processOf = async (redis: Redis): Promise<string> =>
  parseInfo(await redis.info('server'))['run_id'] ?? '';

/**
 * Of one server: the value that is put back is the one from before the first of several users, and the last
 * of them puts it back. A connection that is gone by then only delays it.
 */
export function lentOf(server: Server, name: string, note: (text: string) => void): Lent {
  const books = new Books(server, name, note);
  const borrow: Lent['borrow'] = async (setting, value) => {
    const one = await books.take(setting, value);
    let isDone = false;
    return {
      putBack: async () => {
        if (isDone) return;
        isDone = true;
        await books.give(setting, one);
      },
    };
  };
  return {
    borrow,
    during: async (setting, value, work) => {
      const loan = await borrow(setting, value);
      return work().finally(() => loan.putBack());
    },
    before: () => new Map([...books.changed].map(([setting, { before }]) => [setting, before])),
  };
}

class Books {
  readonly changed = new Map<string, Changed>();
  readonly #server: Server;
  readonly #name: string;
  readonly #note: (text: string) => void;
  #last: Promise<unknown> = Promise.resolve();

  constructor(server: Server, name: string, note: (text: string) => void) {
    this.#server = server;
    this.#name = name;
    this.#note = note;
    server.onConnected(() => {
      for (const [setting, one] of this.changed) void this.#inTurn(() => this.#settle(setting, one));
    });
  }

  take(setting: string, value: string): Promise<Changed> {
    return this.#inTurn(() => this.#set(setting, value));
  }
  give(setting: string, one: Changed): Promise<void> {
    return this.#inTurn(() => this.#givenBack(setting, one));
  }

  /** One after another: what is put back must not undo what was just borrowed anew. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #set(setting: string, value: string): Promise<Changed> {
    let one: Changed | undefined;
    try {
      await this.#server.run(async (redis) => {
        const [process, now] = [await processOf(redis), (await configOf(redis, [setting]))[setting]!];
        const known = this.changed.get(setting);
        one = known?.process === process ? known : { before: now, process, users: 0, told: false };
        one.users += 1;
        this.changed.set(setting, one);
        await redis.config('SET', setting, value);
      });
    } catch (error) {
      // Whether it was set is not known: it is put back.
      if (one !== undefined) await this.#givenBack(setting, one);
      throw error;
    }
    return one!;
  }

  async #givenBack(setting: string, one: Changed): Promise<void> {
    one.users -= 1;
    if (one.users === 0) await this.#settle(setting, one);
  }

  async #settle(setting: string, one: Changed): Promise<void> {
    if (this.changed.get(setting) !== one) return;
    try {
      await this.#server.run(async (redis) => {
        const isSame = (await processOf(redis)) === one.process;
        if (isSame && one.users > 0) return;
        if (isSame) await redis.config('SET', setting, one.before);
        this.changed.delete(setting);
      });
    } catch (error) {
      if (one.users > 0 || one.told) return;
      one.told = true;
      this.#note(
        `${setting} of ${this.#name} is not yet at ${one.before || "''"} again: ${messageOf(error)}`,
      );
    }
  }
}
