import { messageOf } from '../../../core/errors.ts';
import { quoted, serverCode, type Session } from '../server.ts';
import { serverSchema } from '../tables.ts';

/** Connections to other servers, and what foreign data wrappers and log-ins there say. */
const elsewhere = /^(?:08|HV|28)/;
/** A file outside, a user mapping that is not there, and one without a password. */
const ofFarTables = ['58P01', '42704', '2F003'];

/** `isFar`: it shows rows of a foreign table, directly or by another view. */
export const liesElsewhere = (code: string, isFar: boolean): boolean =>
  elsewhere.test(code) || (isFar && ofFarTables.includes(code));

/** What views are made of that is not here, through other views and partitions. */
const far = `far AS (
  SELECT oid FROM pg_class WHERE relkind = 'f'
  UNION SELECT made.oid FROM far CROSS JOIN LATERAL (
    SELECT r.ev_class AS oid FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
     WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = far.oid
    UNION ALL SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = far.oid
  ) made
)`;

/** As the server writes it. */
interface View {
  s: string;
  t: string;
  isFar: 't' | 'f';
  /** The account itself may read it: what is denied then is denied to the view's owner, and to everybody. */
  isAllowed: 't' | 'f';
}

/** Views, also those that keep what they show, of which no row is read. */
export async function lookAtViews({ rows }: Session): Promise<{ wrong: string[]; unseen: string[] }> {
  const views = await rows<View>(
    `WITH RECURSIVE ${far}
     SELECT n.nspname AS s, c.relname AS t, c.oid IN (SELECT oid FROM far) AS "isFar",
            has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS "isAllowed"
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('v', 'm') AND NOT ${serverSchema('n.nspname')} ORDER BY 1, 2`,
  );
  const [wrong, unseen]: [string[], string[]] = [[], []];
  for (const { s, t, isFar, isAllowed } of views) {
    const name = `view ${s}.${t}`;
    if (isAllowed === 'f') {
      unseen.push(name);
      continue;
    }
    await rows(`SELECT 1 FROM ${quoted(s)}.${quoted(t)} LIMIT 0`).catch((error: unknown) => {
      if (liesElsewhere(serverCode(error) ?? '', isFar === 't')) unseen.push(name);
      else wrong.push(`${name} cannot be read (${messageOf(error)})`);
    });
  }
  return { wrong, unseen };
}
