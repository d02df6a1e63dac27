import { flags, type Groups } from './read-keys.ts';
import { inParts, type Entry, type Spool } from './spool.ts';

/**
 * How far an expiry may be from what it was. Redis keeps it as an absolute time in ms, in snapshots,
 * append-only files and replication, so that a whole copy moves none; a tool that copies by EXPIREAT rounds
 * to a second. What restores times to live, counted anew from the restore, is off by the age of its copy.
 */
export const toleranceMs = 1_000;

/**
 * How many of a group are gone or otherwise. `early`: gone before their time. `unending`: expire no more.
 * `begun`: expire now and never did.
 */
export interface GroupDifference {
  missing: number;
  early: number;
  unending: number;
  begun: number;
  moved: number;
  changed: number;
  movedByMs: [number, number];
}
export interface Counted {
  total: number;
  lasting: number;
  fields: boolean;
}
export interface Compared {
  differences: Map<number, GroupDifference>;
  now: Map<number, Counted>;
  /** Keys and fields that were held against what they were. */
  compared: number;
  /** Gone in their time, or written anew since. */
  expired: number;
  renewed: number;
  volatile: { before: number; now: number };
}

/** Keys and fields by group, each once. `volatile` ones are not in it. */
export function countKeys(spool: Spool): { groups: Map<number, Counted>; volatile: number } {
  const counted = { groups: new Map<number, Counted>(), volatile: 0 };
  for (const [entries] of inParts(spool, null)) for (const entry of entries.values()) count(counted, entry);
  return counted;
}

function count(counted: { groups: Map<number, Counted>; volatile: number }, entry: Entry): void {
  if ((entry.flags & flags.volatile) !== 0) return void (counted.volatile += 1);
  const group = counted.groups.get(entry.group) ?? {
    total: 0,
    lasting: 0,
    fields: (entry.flags & flags.field) !== 0,
  };
  group.total += 1;
  if (entry.expiry === -1) group.lasting += 1;
  counted.groups.set(entry.group, group);
}

/**
 * Every key of the one reading looked up in the other. `nowMs`: the server's clock when the second reading
 * had ended: whose time had come by then may be gone, or be there anew.
 */
export function compareKeys(before: Spool, after: Spool, nowMs: number): Compared {
  const compared: Compared = {
    differences: new Map(),
    now: new Map(),
    compared: 0,
    expired: 0,
    renewed: 0,
    volatile: { before: 0, now: 0 },
  };
  const now = { groups: compared.now, volatile: 0 };
  for (const [then, found] of inParts(before, after)) {
    for (const entry of found.values()) count(now, entry);
    for (const entry of then.values()) {
      if ((entry.flags & flags.volatile) !== 0) compared.volatile.before += 1;
      else compareKey(compared, entry, found.get(entry.name), nowMs);
    }
  }
  compared.volatile.now = now.volatile;
  return compared;
}

function compareKey(compared: Compared, was: Entry, is: Entry | undefined, nowMs: number): void {
  const over = was.expiry !== -1 && was.expiry <= nowMs + toleranceMs;
  if (!is && over) return void (compared.expired += 1);
  const moved = is === undefined ? 0 : is.expiry - was.expiry;
  // A restore that drops times to live shows by keys that outlive theirs for good; another time is the
  // application's, which wrote it anew.
  if (is && over && is.expiry !== -1 && Math.abs(moved) > toleranceMs) return void (compared.renewed += 1);
  compared.compared += 1;
  const wrong = wrongOf(was, is);
  if (wrong === null) return;
  const difference = differenceOf(compared, was.group);
  difference[wrong] += 1;
  if (wrong === 'moved')
    difference.movedByMs = [
      Math.min(difference.movedByMs[0], moved),
      Math.max(difference.movedByMs[1], moved),
    ];
}

function wrongOf(was: Entry, is: Entry | undefined): Exclude<keyof GroupDifference, 'movedByMs'> | null {
  if (!is) return was.expiry === -1 ? 'missing' : 'early';
  if (was.expiry === -1 && is.expiry !== -1) return 'begun';
  if (was.expiry !== -1 && is.expiry === -1) return 'unending';
  if (Math.abs(is.expiry - was.expiry) > toleranceMs) return 'moved';
  return is.value === was.value ? null : 'changed';
}

function differenceOf({ differences }: Compared, group: number): GroupDifference {
  const found = differences.get(group) ?? {
    missing: 0,
    early: 0,
    unending: 0,
    begun: 0,
    moved: 0,
    changed: 0,
    movedByMs: [Infinity, -Infinity],
  };
  differences.set(group, found);
  return found;
}

/**
 * In words, a line a group and kind, in the order in which groups were first met: `database 0: session
 * (string): 12 keys that expire no more`.
 */
export function differencesInWords(
  { differences, now }: Compared,
  before: ReadonlyMap<number, Counted>,
  groups: Groups,
): string[] {
  return [...differences]
    .sort(([one], [other]) => one - other)
    .flatMap(([group, difference]) => {
      const { lasting = 0, fields = false } = before.get(group) ?? {};
      const what = fields ? 'fields' : 'keys';
      const [from, to] = difference.movedByMs.map((ms) => `${ms < 0 ? '' : '+'}${Math.round(ms / 1000)} s`);
      const said: [number, string][] = [
        [
          difference.missing,
          `${lasting} keys that never expire before, ${now.get(group)?.lasting ?? 0} now, ${difference.missing} of them missing`,
        ],
        [
          difference.early,
          `${difference.early} ${what} gone before their time${fields ? ', or no longer expiring' : ''}`,
        ],
        [difference.unending, `${difference.unending} ${what} that expire no more`],
        [difference.begun, `${difference.begun} ${what} that never expired and now do`],
        [
          difference.moved,
          `${difference.moved} ${what} that expire at another time (${from === to ? from : `${from} to ${to}`})`,
        ],
        [difference.changed, `${difference.changed} ${what} with another value or type`],
      ];
      return said.filter(([number]) => number > 0).map(([, words]) => `${groups.nameOf(group)}: ${words}`);
    });
}
