import type { Way } from './way.ts';
import { refresh, refused, refusedRefresh } from './account.ts';

/** `dead`: revoked, acknowledged. `doubtful`: revoked, but no word whether that happened. */
export type Life = 'alive' | 'dead' | 'doubtful';
interface Remembered {
  token: string;
  life: Life;
}

/**
 * What a session is in the ledger. Tokens themselves are never recorded, nor anything that they could be
 * found by.
 */
export const sessionValue = (id: number): string => `session ${id}`;

const triesAtOnce = 16;
const tryDeadlineMs = 10_000;

/**
 * The sessions of a load, in this process's memory only. Trying a token uses it up; where it was accepted its
 * successor takes its place, so that a session that came back is found again however often it is looked for.
 */
export class Sessions {
  readonly #sessions = new Map<number, Remembered>();

  remember(id: number, token: string, life: Life): void {
    this.#sessions.set(id, { token, life });
  }

  /** The token of a session that was given and not revoked; null otherwise. */
  alive(id: number): string | null {
    const session = this.#sessions.get(id);
    return session?.life === 'alive' ? session.token : null;
  }

  count(life: Life): number {
    return [...this.#sessions.values()].filter((session) => session.life === life).length;
  }

  /**
   * Calls `accepted` for every session that the service still accepts. Throws when one of them got neither
   * yes nor no: then it may be used up unseen.
   */
  async tryAll(way: Way, accepted: (id: number) => void): Promise<void> {
    await forEachAtOnce(triesAtOnce, [...this.#sessions], async ([id, session]) => {
      const answer = await refresh(way, session.token, tryDeadlineMs);
      if (answer.seen === 'right') {
        session.token = answer.value.refresh;
        accepted(id);
      } else if (!refused(answer)) {
        throw new Error(`session ${id} could not be read back: ${answer.detail}`);
      }
    });
  }

  /**
   * Tries the dead ones only. Gives how many were accepted, how many got neither yes nor no, and one reason.
   */
  async tryDead(
    way: Way,
  ): Promise<{ tried: number; accepted: number; unanswered: number; detail: string | null }> {
    const dead = [...this.#sessions.values()].filter(({ life }) => life === 'dead');
    const result = { tried: dead.length, accepted: 0, unanswered: 0, detail: null as string | null };
    await forEachAtOnce(triesAtOnce, dead, async (session) => {
      const answer = await refusedRefresh(way, session.token, tryDeadlineMs);
      if (answer.successor) {
        session.token = answer.successor;
        result.accepted += 1;
      } else if (answer.seen !== 'right') {
        result.unanswered += 1;
        result.detail = answer.detail;
      }
    });
    return result;
  }
}

/**
 * Works through the items, some at once. Rejects with the first failure, after those under way have ended.
 */
export async function forEachAtOnce<Item>(
  atOnce: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const item = items[next]!;
      next += 1;
      await work(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  for (const worker of ended) if (worker.status === 'rejected') throw worker.reason;
}
