import { compareByName, compareRows, goneOf, type Comparison } from '../sql/inventory-differences.ts';
import { comparePasswords, untoldWords } from '../sql/kept-password.ts';
import type { Inventory, Sequences } from './inventory.ts';
import type { Role } from './inventory-cluster.ts';
import { sameRows } from './row-digest.ts';

export function compareInventories(
  before: Inventory,
  justBefore: Sequences | null,
  now: Inventory,
): Comparison {
  const remarks: string[] = [];
  const sequences = compareSequences(before, justBefore, now);
  const differences = [
    ...compareByName('definition of', before.definitions, now.definitions, (a, b) =>
      a === b ? null : 'another definition',
    ),
    ...compareTables(before, now, remarks),
    ...sequences.fallen,
    ...compareInvalid(before, now, remarks),
    ...compareByName('role', before.roles, now.roles, compareRole),
    ...compareByName('', before.settings, now.settings, (a, b) => (a === b ? null : changedTo(a, b))),
    ...compareByName('replication slot', before.slots, now.slots, (a, b) =>
      a === b ? null : `${b}, was ${a}`,
    ),
    ...now.collations
      .filter((name) => !before.collations.includes(name))
      .map(
        (name) =>
          `database ${name} was sorted by another version of its collation than the system has: its indexes may not find what is there`,
      ),
  ];
  remarks.unshift(...sequences.again);
  return { differences, remarks, untold: untoldRoles(before, now) };
}

/** Digests say nothing to a reader. */
const changedTo = (was: string, is: string): string =>
  /^[0-9a-f]{64}$/.test(is) ? 'others' : `${is}, was ${was}`;

function compareRole(was: Role, is: Role): string | null {
  const changed = [
    was.attributes === is.attributes ? null : 'other rights',
    changedPassword(was.password, is.password),
    was.memberOf === is.memberOf
      ? null
      : `member of ${is.memberOf || 'none'}, was of ${was.memberOf || 'none'}`,
  ].filter((one) => one !== null);
  return changed.length > 0 ? changed.join(', ') : null;
}

/** Why the table is rightly empty by now, in words; null where it is not. */
export const keepsNothing = (before: Inventory, now: Inventory, table: string): string | null =>
  before.startedAt !== now.startedAt && now.unlogged.includes(table)
    ? 'an unlogged table keeps nothing over a crash'
    : null;

function changedPassword(was: Role['password'], is: Role['password']): string | null {
  if (is === null) return was === null ? null : 'its password is lost';
  if (was === null) return 'it has a password, and had none';
  if (comparePasswords(was, is) === 'other') return 'another password';
  // Whoever must come by scram-sha-256 is refused with it, and who reads it can try passwords.
  return was.way === 'SCRAM-SHA-256' && is.way === 'MD5'
    ? 'its password is kept by MD5, and was by SCRAM-SHA-256'
    : null;
}

const untoldRoles = (before: Inventory, now: Inventory): string[] =>
  Object.entries(now.roles)
    .filter(([name, { password }]) => {
      const was = before.roles[name]?.password ?? null;
      return was !== null && password !== null && comparePasswords(was, password) === 'untold';
    })
    .map(([name]) => untoldWords(`role ${name}`));

const compareTables = (before: Inventory, now: Inventory, remarks: string[]): string[] =>
  compareRows(
    before.tables,
    now.tables,
    {
      same: (a, b) => sameRows(a, b),
      keepsNothing: (table) => keepsNothing(before, now, table),
    },
    remarks,
  );

/** An index that was never finished is in no dump, and nobody misses it. */
function compareInvalid(before: Inventory, now: Inventory, remarks: string[]): string[] {
  for (const name of before.invalid)
    remarks.push(
      `index ${name} was invalid before the load ${now.invalid.includes(name) ? 'as well' : 'and is gone or built since'}`,
    );
  return now.invalid
    .filter((name) => !before.invalid.includes(name))
    .map(
      (name) => `index ${name} is invalid: no query uses it, and what it is to keep apart may be there twice`,
    );
}

/**
 * `fallen`: below what it was at the beginning, or below what its rows have. `again`: below what it was just
 * before the fault, as an older backup brings about.
 */
function compareSequences(
  before: Inventory,
  justBefore: Sequences | null,
  now: Inventory,
): { fallen: string[]; again: string[] } {
  const [fallen, again]: [string[], string[]] = [[], []];
  for (const [name, { last, step, used }] of Object.entries(now.sequences)) {
    const [first, latest] = [before.sequences[name], justBefore?.[name]];
    const down = step.startsWith('-');
    const behind = (than: string | null | undefined): boolean =>
      than !== null &&
      than !== undefined &&
      (last === null || (down ? BigInt(last) > BigInt(than) : BigInt(last) < BigInt(than)));
    const words = (than: string): string =>
      `sequence ${name}: ${last ?? 'never used'}, was ${than}: numbers are given out a second time`;
    // Who empties a table while all is well may count anew.
    const floor =
      first?.last && latest?.last && BigInt(latest.last) < BigInt(first.last) && !down ? latest : first;
    if (behind(floor?.last)) fallen.push(words(floor!.last!));
    else if (!down && behind(used) && !wasBehind(first))
      fallen.push(`sequence ${name}: ${last ?? 'never used'}, and rows have numbers up to ${used}`);
    else if (behind(latest?.last)) again.push(`${words(latest!.last!)} (just before the fault)`);
  }
  return { fallen, again };
}

/** Rows may be numbered by hand. */
const wasBehind = (first: Sequences[string] | undefined): boolean =>
  first !== undefined &&
  first.used !== null &&
  (first.last === null || BigInt(first.last) < BigInt(first.used));

/** What is of no use to an application any more, in words. */
export const gone = (before: Inventory, now: Inventory): string[] =>
  goneOf(before, now, (table) =>
    now.unlogged.includes(table) ? null : table.slice(0, table.lastIndexOf('.')),
  );
