import type { CheckOutcome } from '../../../core/check-outcome.ts';
import { messageOf } from '../../../core/errors.ts';
import type { ObjectKind } from '../../../core/existing-plan.ts';
import { shownWrong, usableOutcome } from '../../sql/usable.ts';
import { serverSchemas } from '../config.ts';
import { quoted, type Session } from '../session.ts';
import { lookAtTables, readAll } from './read-tables.ts';

type Named = { n: string };

/** Queries that give each name as `n`. */
const queries: Record<ObjectKind, string> = {
  tables:
    "SELECT CONCAT(table_schema, '.', table_name) AS n FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN (?) ORDER BY n",
  views:
    "SELECT CONCAT(table_schema, '.', table_name) AS n FROM information_schema.views WHERE table_schema NOT IN (?) ORDER BY n",
  routines:
    "SELECT CONCAT(routine_schema, '.', routine_name) AS n FROM information_schema.routines WHERE routine_schema NOT IN (?) ORDER BY n",
  triggers:
    "SELECT CONCAT(trigger_schema, '.', trigger_name) AS n FROM information_schema.triggers WHERE trigger_schema NOT IN (?) ORDER BY n",
  events:
    "SELECT CONCAT(event_schema, '.', event_name) AS n FROM information_schema.events WHERE event_schema NOT IN (?) ORDER BY n",
  users: "SELECT CONCAT(user, '@', host) AS n FROM mysql.user WHERE user NOT LIKE 'mysql.%' ORDER BY n",
};

export const objectsOf = async ({ rows }: Session, kind: ObjectKind): Promise<string[]> =>
  (await rows<Named>(queries[kind], kind === 'users' ? [] : [serverSchemas])).map(({ n }) => n);

/** What a definition is run as, and nobody is: the server says so only when somebody uses it. */
const orphanDefiners = ({ rows }: Session): Promise<{ definer: string; n: string }[]> =>
  rows<{ definer: string; n: string }>(
    `SELECT o.definer AS definer, o.n AS n FROM (
       SELECT definer, table_schema AS s, CONCAT('view ', table_schema, '.', table_name) AS n FROM information_schema.views WHERE security_type = 'DEFINER'
       UNION ALL SELECT definer, trigger_schema, CONCAT('trigger ', trigger_schema, '.', trigger_name) FROM information_schema.triggers
       UNION ALL SELECT definer, routine_schema, CONCAT(LOWER(routine_type), ' ', routine_schema, '.', routine_name) FROM information_schema.routines WHERE security_type = 'DEFINER'
       UNION ALL SELECT definer, event_schema, CONCAT('event ', event_schema, '.', event_name) FROM information_schema.events
     ) o WHERE o.s NOT IN (?) AND NOT EXISTS (SELECT 1 FROM mysql.user u WHERE CONVERT(CONCAT(u.user, '@', u.host) USING utf8mb4) COLLATE utf8mb4_bin = CONVERT(o.definer USING utf8mb4) COLLATE utf8mb4_bin) ORDER BY n`,
    [serverSchemas],
  );

/** Foreign keys to what is not there: a dump loads them with checks switched off. */
const danglingKeys = async ({ rows }: Session): Promise<Named[]> =>
  rows<Named>(
    `SELECT DISTINCT CONCAT(r.constraint_schema, '.', r.table_name, ' refers to ', r.unique_constraint_schema, '.', r.referenced_table_name) AS n
       FROM information_schema.referential_constraints r LEFT JOIN information_schema.tables t ON t.table_schema = r.unique_constraint_schema AND t.table_name = r.referenced_table_name
      WHERE t.table_name IS NULL AND r.constraint_schema NOT IN (?)`,
    [serverSchemas],
  );

async function brokenViews(session: Session): Promise<string[]> {
  const broken: string[] = [];
  for (const name of await objectsOf(session, 'views')) {
    const [schema, view] = [name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1)];
    await session.rows(`SELECT 1 FROM ${quoted(schema)}.${quoted(view)} LIMIT 0`).catch((error: unknown) => {
      broken.push(`view ${name} cannot be read (${messageOf(error)})`);
    });
  }
  return broken;
}

/**
 * Whether what came back holds anything, and whether what it defines can be used. `log`: the server's, where
 * nothing but its files came, and each table is read to its end.
 */
export async function usability(
  session: Session,
  log: (() => Promise<string>) | null,
): Promise<CheckOutcome> {
  const looked = await (log === null ? lookAtTables(session, false) : readAll(session, log));
  if (looked.isGone || looked.holding === 0) return usableOutcome(looked, []);
  const definers = await orphanDefiners(session);
  const accounts = [...new Set(definers.map(({ definer }) => definer))];
  const wrong = [
    ...accounts.map((account) => {
      const of = definers.filter(({ definer }) => definer === account).map(({ n }) => n);
      return `${of.slice(0, shownWrong).join(', ')}${of.length > shownWrong ? ' and more' : ''} run as ${account}, an account that is missing`;
    }),
    ...(await danglingKeys(session)).map(({ n }) => `${n}, a table that is missing`),
    ...(await brokenViews(session)),
  ];
  return usableOutcome(looked, wrong);
}
