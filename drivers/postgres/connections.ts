import { OperationError } from '../../core/ledger.ts';
import { messageOf } from '../../core/errors.ts';
import type { Endpoint } from '../../core/service.ts';
import { openLink, type Account, type Link } from './session.ts';

/**
 * How long a client waits: for a connection, for one of those it has to become free, for an answer. A busy
 * machine alone takes a second.
 */
const patienceMs = 2_000;
const endpointKeptMs = 40;
/**
 * Each costs the server a process, and both sides thousands of hashes: many at once on a busy machine all
 * take longer than anybody waits, are given up, and begin again.
 */
const openingMax = 2;

export interface ConnectionsOptions {
  account: Account;
  database: string;
  clients(): Promise<Endpoint>;
  nowMs(): number;
  limit: number;
}

/**
 * A few connections that are opened when needed and thrown away at the first doubt; no operation is ever
 * tried twice.
 */
export interface Connections {
  /** Rejects with a certain OperationError: nothing was sent. */
  take(): Promise<Link>;
  give(link: Link): void;
  discard(link: Link): void;
  close(): void;
}

interface Waiter {
  resolve(link: Link): void;
  reject(error: Error): void;
}

/**
 * Not pg's own pool: that keeps an address for ever, and a service that was restarted has another port; and a
 * client that waits without end is not a client that saw a failure.
 */
export function createConnections(options: ConnectionsOptions): Connections {
  const idle: Link[] = [];
  const waiting: Waiter[] = [];
  const all = new Set<Link>();
  const locate = endpointLookup(options);
  let opening = 0;

  const discard = (link: Link): void => {
    // It ends again when it is destroyed; its place is given away once.
    if (!all.delete(link)) return;
    const at = idle.indexOf(link);
    if (at >= 0) idle.splice(at, 1);
    link.destroy();
    openMore();
  };
  const openFor = async ({ resolve, reject }: Waiter): Promise<void> => {
    opening += 1;
    try {
      const link = await openClientLink(options, await locate());
      all.add(link);
      link.client.on('error', () => discard(link));
      link.client.on('end', () => discard(link));
      resolve(link);
    } catch (error) {
      reject(new OperationError(`no connection: ${messageOf(error)}`, true, error));
    } finally {
      opening -= 1;
      openMore();
    }
  };
  const hasRoom = (): boolean => opening < openingMax && all.size + opening < options.limit;
  const openMore = (): void => {
    while (waiting.length > 0 && hasRoom()) void openFor(waiting.shift()!);
  };
  const give = (link: Link): void => {
    if (!all.has(link)) return;
    const next = waiting.shift();
    if (next) next.resolve(link);
    else idle.push(link);
  };
  const take = (): Promise<Link> => {
    const there = idle.pop();
    if (there) return Promise.resolve(there);
    return new Promise((resolve, reject) => {
      if (hasRoom()) return void openFor({ resolve, reject });
      waiting.push(waiterUntil(patienceMs, waiting, resolve, reject));
    });
  };
  return {
    take,
    give,
    discard,
    close: () => {
      for (const link of all) link.destroy();
      all.clear();
      idle.length = 0;
    },
  };
}

function waiterUntil(
  deadlineMs: number,
  waiting: Waiter[],
  resolve: (link: Link) => void,
  reject: (error: Error) => void,
): Waiter {
  const timer = setTimeout(() => {
    waiting.splice(waiting.indexOf(waiter), 1);
    reject(new OperationError(`no connection became free within ${deadlineMs} ms`, true));
  }, deadlineMs);
  const waiter: Waiter = {
    resolve: (link) => {
      clearTimeout(timer);
      resolve(link);
    },
    reject: (error) => {
      clearTimeout(timer);
      reject(error);
    },
  };
  return waiter;
}

/** Looks the address up anew, but not for each of the many attempts of an outage. */
function endpointLookup({ clients, nowMs }: ConnectionsOptions): () => Promise<Endpoint> {
  let asked: { atMs: number; answer: Promise<Endpoint> } | null = null;
  return () => {
    if (asked === null || nowMs() - asked.atMs > endpointKeptMs) {
      asked = { atMs: nowMs(), answer: clients() };
      asked.answer.catch(() => undefined);
    }
    return asked.answer;
  };
}

/** As a client of the load: an answer that does not come within its patience is an error. */
export const openClientLink = (
  { account, database }: Pick<ConnectionsOptions, 'account' | 'database'>,
  endpoint: Endpoint,
): Promise<Link> => openLink(endpoint, account, { database, withinMs: patienceMs, answerMs: patienceMs });
