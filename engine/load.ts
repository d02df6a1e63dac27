import type { Clock } from '../core/clock.ts';
import type { DataClient, DataWorkload, Recorder, VisitWorkload } from '../core/workload.ts';
import {
  absent,
  digestOf,
  flagContinues,
  idsPerLoad,
  kinds,
  OperationError,
  outcomes,
  valueFor,
  windowIds,
  type OperationOutcome,
} from '../core/ledger.ts';
import { seededRandom } from '../core/random.ts';

export type Seen = 'right' | 'wrong' | 'failed' | 'slow';

export interface LoadOptions {
  clock: Clock;
  seed: number;
  ratePerSecond: number;
  recorder: Recorder;
  /** Where its ids begin; 0 by default. */
  firstId?: number;
  /**
   * Told of each completion as it happens. `wrong` is a first impression: what is right in the end is judged
   * afterwards.
   */
  seen(what: Seen): void;
  maxInFlight?: number;
  /** A right answer that takes longer is told as slow; none is where this is left out or null. */
  slowMs?: number | null;
}

export interface Load {
  /** Stops new operations and waits for those under way (bounded by their own timeouts). */
  stop(): Promise<void>;
  /**
   * From now on no record at all is written again or removed: new ones are written, and all are read.
   * Resolves when no such change is under way any more.
   */
  holdChanges?(): Promise<void>;
  /** How many such changes are under way. */
  changesUnderWay?(): number;
  /**
   * From now on no record that was written by now is written or removed again, so that what becomes of it
   * shows: a lost one that a client wrote anew would be there. Ends `holdChanges`.
   */
  leaveAsTheyAre?(): void;
}

const tickMs = 4;
/**
 * What could not be issued in time is not made up for later beyond this: a burst after an outage would be no
 * traffic that anyone sends.
 */
const backlogMs = 50;

/** Issues `start` at a steady rate, never more than `maxInFlight` at once. */
function pace(options: LoadOptions, start: () => Promise<void>): Load {
  const { clock, ratePerSecond, maxInFlight = 128 } = options;
  const running = new Set<Promise<void>>();
  let due = 0;
  let last = clock.nowMs();
  let stopped = false;
  const tick = (): void => {
    const now = clock.nowMs();
    due = Math.min(
      due + ((now - last) * ratePerSecond) / 1000,
      Math.max(1, (backlogMs * ratePerSecond) / 1000),
    );
    last = now;
    while (due >= 1 && running.size < maxInFlight) {
      due -= 1;
      const one: Promise<void> = start().finally(() => running.delete(one));
      running.add(one);
    }
    if (!stopped) callOff = clock.after(tickMs, tick);
  };
  let callOff = clock.after(0, tick);
  return {
    stop: async () => {
      stopped = true;
      callOff();
      await Promise.allSettled(running);
    },
  };
}

/** What the load remembers of each id it wrote: one byte a version, so that millions fit. */
class Ids {
  /** Counted from the load's first id. */
  next = 0;
  /** Those below it are left as they are: all, while changes are held. */
  changeableFrom = 0;
  private versions = new Uint8Array(1 << 16);
  private readonly busy = new Set<number>();

  /** The next ids of an atomic group, aligned to its size so that no group crosses a window. */
  take(size: number): number[] {
    const first = this.next;
    this.next += size;
    if (this.next > idsPerLoad) throw new Error(`a load has no more than ${idsPerLoad} ids`);
    if (Math.floor(first / windowIds) !== Math.floor((this.next - 1) / windowIds))
      throw new Error('group crosses a window');
    while (this.next > this.versions.length) {
      const grown = new Uint8Array(this.versions.length * 2);
      grown.set(this.versions);
      this.versions = grown;
    }
    return Array.from({ length: size }, (_, i) => first + i);
  }
  /** The version last acknowledged: 0 none, 255 removed or not known. */
  version = (id: number): number => this.versions[id] ?? 0;
  settle(ids: readonly number[], version: number): void {
    for (const id of ids) this.versions[id] = version;
  }
  claim(ids: readonly number[]): boolean {
    if (ids.some((id) => this.busy.has(id))) return false;
    for (const id of ids) this.busy.add(id);
    return true;
  }
  /** A change of it is under way: what a read gives is then nobody's fault. */
  isClaimed = (id: number): boolean => this.busy.has(id);
  release(ids: readonly number[]): void {
    for (const id of ids) this.busy.delete(id);
  }
}
const unsettled = 255;
const highestVersion = 200;
/** So many are written before anything else is asked for: two seconds' worth, within bounds. */
const firstIds = (ratePerSecond: number): number => Math.min(64, Math.max(16, Math.ceil(2 * ratePerSecond)));
const removalsDefault = 0.02;

/**
 * Database traffic: new groups, rewrites, removals and reads. Reads go back to writes acknowledged long ago
 * as often as to fresh ones: a store that is up and empty must show.
 */
export async function startDataLoad(
  workload: DataWorkload,
  options: LoadOptions,
): Promise<Load & { client: DataClient }> {
  const client = await workload.open();
  const { operate, ...held } = dataOperations(client, workload, options);
  const load = pace(options, operate);
  return {
    client,
    ...held,
    stop: async () => {
      await load.stop();
      await client.close();
    },
  };
}

/** One operation a call, chosen by the seed. Exported for the benchmark, which drives it without pacing. */
export function dataOperations(
  client: DataClient,
  { groupSize, removals = removalsDefault }: Pick<DataWorkload, 'groupSize' | 'removals'>,
  options: LoadOptions,
): { operate: () => Promise<void> } & Required<Omit<Load, 'stop'>> {
  const random = seededRandom(options.seed);
  const ids = new Ids();
  const { write, remove, read } = recorded(client, ids, options);
  const changing = new Set<Promise<void>>();
  const changed = (change: Promise<void>): Promise<void> => {
    const one: Promise<void> = change.finally(() => changing.delete(one));
    changing.add(one);
    return one;
  };

  const { firstId = 0 } = options;
  const can = (what: 'read' | 'rewrite' | 'remove', id: number): boolean =>
    client.can?.(what, firstId + id) ?? true;
  const anew = (): Promise<void> => {
    const group = ids.take(groupSize);
    return exclusively(group, () => write(group, 1));
  };
  const look = (id: number): Promise<void> => (can('read', id) ? read(id) : anew());
  const exclusively = async (group: number[], work: () => Promise<void>): Promise<void> => {
    if (!ids.claim(group)) return look(group[0]!);
    try {
      await work();
    } finally {
      ids.release(group);
    }
  };

  const rewrite = (id: number): Promise<void> => {
    const version = ids.version(id);
    return version === 0 || version >= highestVersion || !can('rewrite', id)
      ? look(id)
      : exclusively([id], () => changed(write([id], version + 1)));
  };
  const warmUp = firstIds(options.ratePerSecond);
  const readsFrom = 0.46 + removals;
  const operate = async (): Promise<void> => {
    const dice = random();
    const where = random();
    const anyId = Math.floor(where * ids.next);
    if (ids.next < warmUp || dice < 0.4) return anew();
    if (dice < readsFrom) {
      const from = ids.changeableFrom;
      if (from >= ids.next) return look(anyId);
      const id = from + Math.floor(where * (ids.next - from));
      if (dice < 0.46) return rewrite(id);
      return can('remove', id) ? exclusively([id], () => changed(remove(id))) : look(id);
    }
    return look(dice < (readsFrom + 1) / 2 ? anyId : Math.max(0, ids.next - 1 - Math.floor(random() * 256)));
  };
  return {
    operate,
    holdChanges: async () => {
      ids.changeableFrom = Infinity;
      await Promise.allSettled(changing);
    },
    changesUnderWay: () => changing.size,
    leaveAsTheyAre: () => void (ids.changeableFrom = ids.next),
  };
}

interface Operations {
  write(group: number[], version: number): Promise<void>;
  remove(id: number): Promise<void>;
  read(id: number): Promise<void>;
}

/**
 * The client's operations, each leaving its record: what was asked, when, and what is known of the outcome.
 */
function recorded(
  client: DataClient,
  ids: Ids,
  { clock, recorder, seed, seen, firstId = 0, slowMs = null }: LoadOptions,
): Operations {
  const inTime = (begunMs: number, endedMs: number): Seen =>
    slowMs !== null && endedMs - begunMs > slowMs ? 'slow' : 'right';
  const outcomeOf = (error: unknown): OperationOutcome =>
    error instanceof OperationError && error.certain ? outcomes.fail : outcomes.unknown;
  const outcomeFrom = async (work: Promise<void>): Promise<OperationOutcome> =>
    work.then(() => outcomes.ok, outcomeOf);
  return {
    write: async (group, version) => {
      const values = group.map((id) => valueFor(seed, id, version));
      const stored = group.map((id) => firstId + id);
      const begun = clock.nowMs();
      const outcome = await outcomeFrom(client.write(stored, values));
      const ended = clock.nowMs();
      stored.forEach((id, i) => {
        const { low, high } = digestOf(values[i]!);
        const flags = i === 0 ? 0 : flagContinues;
        recorder.record(kinds.write, outcome, id, stored[0]!, begun, ended, low, high, flags);
      });
      if (outcome === outcomes.ok) ids.settle(group, version);
      else if (outcome === outcomes.unknown) ids.settle(group, unsettled);
      seen(outcome === outcomes.ok ? inTime(begun, ended) : 'failed');
    },
    remove: async (id) => {
      const begun = clock.nowMs();
      const outcome = await outcomeFrom(client.remove(firstId + id));
      const ended = clock.nowMs();
      recorder.record(kinds.remove, outcome, firstId + id, firstId + id, begun, ended, 0, 0, 0);
      if (outcome !== outcomes.fail) ids.settle([id], unsettled);
      seen(outcome === outcomes.ok ? inTime(begun, ended) : 'failed');
    },
    read: async (id) => {
      const stored = firstId + id;
      const begun = clock.nowMs();
      const version = ids.version(id);
      const still = !ids.isClaimed(id);
      try {
        const value = await client.read(stored);
        const ended = clock.nowMs();
        const { low, high } = value === null ? absent : digestOf(value);
        recorder.record(kinds.read, outcomes.ok, stored, stored, begun, ended, low, high, 0);
        const known = version !== 0 && version !== unsettled;
        const steady = still && !ids.isClaimed(id) && known && ids.version(id) === version;
        seen(!steady || value === valueFor(seed, id, version) ? inTime(begun, ended) : 'wrong');
      } catch {
        recorder.record(kinds.read, outcomes.unknown, stored, stored, begun, clock.nowMs(), 0, 0, 0);
        seen('failed');
      }
    },
  };
}

/** Visits: the client keeps its own records; this only paces and counts them. */
export async function startVisits(workload: VisitWorkload, options: LoadOptions): Promise<Load> {
  const watched: Recorder = {
    record: (kind, outcome, id, group, invokedMs, endedMs, low, high, flags) => {
      options.recorder.record(kind, outcome, id, group, invokedMs, endedMs, low, high, flags);
      const slow = typeof options.slowMs === 'number' && endedMs - invokedMs > options.slowMs;
      options.seen(outcome !== outcomes.ok ? 'failed' : flags !== 0 ? 'wrong' : slow ? 'slow' : 'right');
    },
  };
  const client = await workload.open(watched);
  let number = options.firstId ?? 0;
  const load = pace({ maxInFlight: 32, ...options }, () => client.visit(number++));
  return {
    stop: async () => {
      await load.stop();
      await client.close();
    },
  };
}
