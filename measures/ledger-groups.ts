import { kinds, outcomes } from '../core/ledger.ts';
import { sameValue } from './ledger-classify.ts';
import { kindOf, outcomeOf, type Batch, type IdHistory } from './ledger-batch.ts';
import { groupIdsMax } from './ledger-record.ts';

/** The versions that a member can show: an index into its operations, or one of these. */
const nothing = -1;
const foreign = -2;

/**
 * One atomic write that was the last of several ids, and what they show. Used again for every block of ids.
 */
interface Group {
  first: number;
  writtenMs: number;
  members: number;
  /** Members that show this write; members that show anything at all. */
  newest: number;
  shown: number;
  /** All members have the same writes behind them, so that they must show the same version. */
  alike: boolean;
  differs: boolean;
  firstVersion: number;
  firstOps: Float64Array;
  firstOpCount: number;
}

/**
 * Finds torn groups: ids whose last write (that did not fail) was one and the same atomic write, and that are
 * not there together: some show it and some do not, or (where all their writes were made together) they show
 * different versions. A member that was written or removed alone since then is no longer one of them.
 */
export interface GroupWatch {
  /** The next id, in ascending order. */
  member(batch: Batch, history: IdHistory): void;
  /** After the last id of a range. */
  end(): void;
}

/**
 * `examined` is told of each group of which anything is there: its smallest id, and whether it is torn. A
 * group wholly absent is lost, not torn.
 */
export function watchGroups(examined: (group: number, torn: boolean, what: string) => void): GroupWatch {
  const groups = Array.from({ length: groupIdsMax }, emptyGroup);
  let used = 0;
  let block = -1;
  const end = (): void => {
    for (let at = 0; at < used; at += 1) {
      const { first, members, newest, shown, alike, differs, writtenMs } = groups[at]!;
      if (members < 2 || shown === 0) continue;
      const torn = (newest > 0 && newest < members) || (alike && differs && shown > 0);
      examined(
        first,
        torn,
        `${newest} of ${members} members show the write of ${(writtenMs / 1000).toFixed(3)} s`,
      );
    }
    used = 0;
  };
  return {
    end,
    member(batch, history) {
      const last = lastNotFailed(batch, history);
      if (last === -1 || kindOf(batch, last) !== kinds.write) return;
      if (history.id >>> 4 !== block) {
        end();
        block = history.id >>> 4;
      }
      let at = 0;
      while (
        at < used &&
        (groups[at]!.first !== batch.group[last] || groups[at]!.writtenMs !== batch.invokedMs[last])
      )
        at += 1;
      const group = groups[at]!;
      if (at === used) {
        used += 1;
        begin(group, batch, history, last);
      }
      join(group, batch, history, last);
    },
  };
}

const emptyGroup = (): Group => ({
  first: 0,
  writtenMs: 0,
  members: 0,
  newest: 0,
  shown: 0,
  alike: true,
  differs: false,
  firstVersion: nothing,
  firstOps: new Float64Array(8),
  firstOpCount: 0,
});

function begin(group: Group, batch: Batch, history: IdHistory, last: number): void {
  group.first = batch.group[last]!;
  group.writtenMs = batch.invokedMs[last]!;
  group.members = 0;
  group.newest = 0;
  group.shown = 0;
  group.alike = true;
  group.differs = false;
  group.firstVersion = shownVersion(batch, history);
  if (group.firstOps.length < history.opCount) group.firstOps = new Float64Array(2 * history.opCount);
  group.firstOpCount = history.opCount;
  for (let at = 0; at < history.opCount; at += 1) group.firstOps[at] = batch.invokedMs[history.ops[at]!]!;
}

function join(group: Group, batch: Batch, history: IdHistory, last: number): void {
  group.members += 1;
  if (history.shown !== -1) group.shown += 1;
  if (history.shown !== -1 && sameValue(batch, last, history.shown)) group.newest += 1;
  if (shownVersion(batch, history) !== group.firstVersion) group.differs = true;
  if (!hasSameWrites(group, batch, history)) group.alike = false;
}

/** Row of the last operation that may have happened; -1 when there is none. */
function lastNotFailed(batch: Batch, history: IdHistory): number {
  for (let at = history.opCount - 1; at >= 0; at -= 1)
    if (outcomeOf(batch, history.ops[at]!) !== outcomes.fail) return history.ops[at]!;
  return -1;
}

function shownVersion(batch: Batch, history: IdHistory): number {
  if (history.shown === -1) return nothing;
  for (let at = history.opCount - 1; at >= 0; at -= 1)
    if (kindOf(batch, history.ops[at]!) === kinds.write && sameValue(batch, history.ops[at]!, history.shown))
      return at;
  return foreign;
}

function hasSameWrites(group: Group, batch: Batch, history: IdHistory): boolean {
  if (history.opCount !== group.firstOpCount) return false;
  for (let at = 0; at < history.opCount; at += 1) {
    const row = history.ops[at]!;
    if (
      kindOf(batch, row) !== kinds.write ||
      batch.group[row] !== group.first ||
      batch.invokedMs[row] !== group.firstOps[at]
    )
      return false;
  }
  return true;
}
