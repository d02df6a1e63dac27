import { compareByName, compareRows, type Comparison } from '../sql/inventory-differences.ts';
import { compareAccounts } from './inventory-accounts.ts';
import { compareFinds } from './inventory-fulltext.ts';
import { sequencePrefix } from './inventory-state.ts';
import { everyAccount, everyPersisted, type Inventory, type JustBefore } from './inventory.ts';

export function compareInventories(
  before: Inventory,
  justBefore: JustBefore | null,
  now: Inventory,
): Comparison {
  const unread = new Set([...before.unread, ...now.unread]);
  const remarks: string[] = [];
  const accounts = unread.has(everyAccount)
    ? { differences: [], returned: [], untold: [] }
    : compareAccounts(before.accounts, justBefore?.accounts ?? null, now.accounts);
  const finds = compareFinds(ofSameRows(before.fulltext, before, now), now.fulltext);
  const counters = compareCounters(before, justBefore, now);
  const differences = [
    ...compareByName(
      'definition of',
      before.definitions,
      now.definitions,
      (a, b) => (a === b ? null : 'another definition'),
      unread,
    ),
    ...compareTables(before, now, unread, remarks),
    ...compareViews(before, now, remarks),
    ...counters.fallen,
    ...finds.fewer,
    ...compareDerived(before, now),
    ...accounts.differences,
    ...(unread.has(everyPersisted) ? [] : comparePersisted(before, now)),
    ...compareByName(
      'setting',
      before.settings,
      now.settings,
      (a, b) => (a === b ? null : `${b}, was ${a}`),
      unread,
    ),
    ...before.extensions
      .filter((one) => !now.extensions.includes(one) && unread.size === 0)
      .map((one) => `${one} is missing`),
    ...Object.entries(now.orphans)
      .filter(([key, count]) => count > 0 && count !== (before.orphans[key] ?? 0))
      .map(([key, count]) => `foreign key ${key}: ${count} rows without their parent`),
  ];
  remarks.unshift(...accounts.returned, ...counters.again, ...finds.more);
  remarks.push(...uncovered(now));
  return { differences, remarks, untold: accounts.untold };
}

/** Two readings of one clock are seldom the same second. */
const clockSlackS = 2;
export const startedAnew = (before: Inventory, now: Inventory): boolean =>
  Math.abs(now.startedAt - before.startedAt) > clockSlackS;

/** Why the table is rightly empty by now, in words; null where it is not. */
export const keepsNothing = (before: Inventory, now: Inventory, table: string): string | null =>
  startedAnew(before, now) && now.otherEngines[table] === 'MEMORY'
    ? 'engine MEMORY keeps nothing over a start'
    : null;

const compareTables = (
  before: Inventory,
  now: Inventory,
  unread: ReadonlySet<string>,
  remarks: string[],
): string[] =>
  compareRows(
    before.tables,
    now.tables,
    {
      same: (a, b) => a.rows === b.rows && a.sum === b.sum && a.xor === b.xor,
      keepsNothing: (table) => keepsNothing(before, now, table),
      unread,
    },
    remarks,
  );

function compareViews(before: Inventory, now: Inventory, remarks: string[]): string[] {
  const out: string[] = [];
  for (const [name, said] of Object.entries(now.views)) {
    if (said === '') continue;
    if (before.views[name] === '') out.push(`view ${name} does not select any more: ${said}`);
    else if (before.views[name] !== undefined)
      remarks.push(`view ${name} did not select before either: ${before.views[name]}`);
  }
  return out;
}

const counterOf = (name: string): string =>
  name.startsWith(sequencePrefix) ? name : `AUTO_INCREMENT of ${name}`;

/**
 * `fallen`: below what it was at the beginning. `again`: below what it was just before the fault, as an older
 * backup brings about, or below numbers that no row ever had, as on a server that was made by replication.
 */
function compareCounters(
  before: Inventory,
  justBefore: JustBefore | null,
  now: Inventory,
): { fallen: string[]; again: string[] } {
  const [fallen, again]: [string[], string[]] = [[], []];
  for (const [name, { next }] of Object.entries(now.counters)) {
    const [first, last] = [before.counters[name], justBefore?.counters[name]];
    const words = (than: string): string =>
      `${counterOf(name)}: ${next}, was ${than}: numbers are given out a second time`;
    const below = (than: string): boolean => BigInt(next) < BigInt(than);
    // Who empties a table while all is well may count anew.
    const floor = first && last && BigInt(last.next) < BigInt(first.next) ? last : first;
    const inMemory = now.otherEngines[name] === 'MEMORY' && startedAnew(before, now);
    if (floor && below(floor.next) && !inMemory) {
      if (now.replicated && BigInt(next) > BigInt(floor.used))
        again.push(`${counterOf(name)}: ${next}, was ${floor.next}; no row had the numbers between`);
      else fallen.push(words(floor.next));
    } else if (last && below(last.next)) again.push(`${words(last.next)} (just before the fault)`);
  }
  return { fallen, again };
}

/**
 * Making a server a replica or a source persists these: of them only the loss is anybody else's, and not that
 * of a server of another role.
 */
const ofReplication = /^(?:replica|slave)_net_timeout$|^rpl_semi_sync_/;

function comparePersisted({ persisted: was }: Inventory, { persisted: is, replicated }: Inventory): string[] {
  const ofItsRole = (name: string): boolean =>
    ofReplication.test(name) && (is[name] !== undefined || replicated);
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((name) => was[name] !== is[name] && !ofItsRole(name))
    .map((name) => {
      const now = is[name] === undefined ? 'is lost' : `is ${is[name]}`;
      return `persisted setting ${name} ${now}, was ${was[name] ?? 'not persisted'}`;
    });
}

/**
 * The same rows, and an index over what is generated from them that has other values: it was built in another
 * zone, week or language.
 */
const compareDerived = (before: Inventory, now: Inventory): string[] =>
  Object.entries(ofSameRows(before.derived, before, now))
    .filter(([index, was]) => now.derived[index] !== undefined && now.derived[index] !== was)
    .map(([index]) => `index ${index} over what is generated: of the same rows it holds other values`);

/** Of other rows an index says nothing. */
function ofSameRows<Item>(
  indexes: Record<string, Item>,
  before: Inventory,
  now: Inventory,
): Record<string, Item> {
  const tableOf = (index: string): string => index.slice(0, index.lastIndexOf('.'));
  const same = (name: string): boolean =>
    before.tables[name] !== undefined &&
    before.tables[name]?.sum === now.tables[name]?.sum &&
    before.tables[name]?.rows === now.tables[name]?.rows;
  return Object.fromEntries(Object.entries(indexes).filter(([index]) => same(tableOf(index))));
}

function uncovered({ otherEngines }: Inventory): string[] {
  const names = Object.entries(otherEngines).map(([name, engine]) => `${name} (${engine})`);
  return names.length > 0 ? [`no snapshot covers ${names.join(', ')}`] : [];
}
