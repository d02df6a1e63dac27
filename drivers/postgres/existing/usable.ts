import type { CheckOutcome } from '../../../core/check-outcome.ts';
import type { ObjectKind } from '../../../core/existing-plan.ts';
import { usableOutcome, type LookedAt } from '../../sql/usable.ts';
import { readSequences } from '../inventory.ts';
import { withSession, type PostgresSite, type Session } from '../server.ts';
import { serverSchema } from '../tables.ts';
import { lookAtDatabases } from './read-tables.ts';
import { lookAtViews } from './read-views.ts';

const own = `NOT ${serverSchema('n.nspname')}`;

const queries: Record<Exclude<ObjectKind, 'events'>, string> = {
  tables: `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f') AND ${own} ORDER BY 1`,
  views: `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ${own} ORDER BY 1`,
  routines: `SELECT n.nspname || '.' || p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${own} ORDER BY 1`,
  triggers: `SELECT n.nspname || '.' || c.relname || '.' || t.tgname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND ${own} ORDER BY 1`,
  users: "SELECT rolname AS name FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%' ORDER BY 1",
};

export const objectsOf = async ({ rows }: Session, kind: ObjectKind): Promise<string[]> =>
  kind === 'events' ? [] : (await rows<{ name: string }>(queries[kind])).map(({ name }) => name);

/** The next number of each has been given already: every insert fails. */
async function behind(site: PostgresSite, session: Session, database: string): Promise<string[]> {
  const sequences = await readSequences(site, session, database);
  return Object.entries(sequences).flatMap(([name, { last, step, used }]) => {
    if (used === null || !/^-?\d+$/.test(used)) return [];
    const isBehind =
      last === null
        ? BigInt(used) > 0n
        : BigInt(step) > 0n
          ? BigInt(last) < BigInt(used)
          : BigInt(last) > BigInt(used);
    return isBehind ? [`sequence ${name} is at ${last ?? 'its beginning'}, and ${used} is in use`] : [];
  });
}

/** A dump makes such a constraint only of one that was so already: it holds of rows that came after it. */
const neverChecked = async ({ rows }: Session): Promise<string[]> =>
  (
    await rows<{ name: string }>(
      `SELECT n.nspname || '.' || coalesce(c.relname, t.typname) || '.' || k.conname AS name
         FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
         LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid
        WHERE NOT k.convalidated AND ${own} ORDER BY 1`,
    )
  ).map(({ name }) => `constraint ${name} is NOT VALID, as in the backup: older rows may not keep it`);

/**
 * Whether what came back holds anything, and whether what it defines can be used. `whole`: each table is read
 * to its end, where nothing but the server's files came.
 */
export async function usability(site: PostgresSite, database: string, whole: boolean): Promise<CheckOutcome> {
  const { here, beside } = await lookAtDatabases(site, database, whole);
  const all: LookedAt = {
    tables: sum([here, ...beside], ({ tables }) => tables),
    holding: sum([here, ...beside], ({ holding }) => holding),
    unseen: [here, ...beside].flatMap(({ unseen }) => unseen),
    wrong: [here, ...beside].flatMap(({ wrong }) => wrong),
    whole,
    isGone: [here, ...beside].some(({ isGone }) => isGone),
  };
  // Counters are held against what their tables hold, which must be read for it.
  if (all.isGone || all.wrong.length > 0) return usableOutcome(all, []);
  if (here.holding === 0) return usableOutcome(here, []);
  return withSession(
    site,
    async (session) => {
      const open = await session.rows<{ name: string }>(
        `SELECT n.nspname || '.' || c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND ${own} ORDER BY 1`,
      );
      const views = await lookAtViews(session);
      const wrong = [
        ...views.wrong,
        ...open.map(({ name }) => `${name} was never made valid`),
        ...(await behind(site, session, database)),
      ];
      return usableOutcome(all, wrong, { unseen: views.unseen, told: await neverChecked(session) });
    },
    { database },
  );
}

const sum = (all: readonly LookedAt[], of: (one: LookedAt) => number): number =>
  all.reduce((total, one) => total + of(one), 0);
