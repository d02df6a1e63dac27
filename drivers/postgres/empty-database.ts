/** A condition on an object of that catalog. */
export const ofNoExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend WHERE classid = '${catalog}'::regclass AND objid = ${oid} AND deptype = 'e')`;

/** Statements that are made of a catalog all at once, because what they drop takes other rows of it along. */
const each = (statements: string): string =>
  `FOREACH one IN ARRAY ARRAY(${statements}) LOOP EXECUTE one; END LOOP;`;

const inPublic = (catalog: string, namespace: string): string =>
  `FROM ${catalog} JOIN pg_namespace n ON n.oid = ${namespace} WHERE n.nspname = 'public'`;

/**
 * For psql, in the database: every object of an application goes, by whatever role owns it, and the database
 * itself stays, with what was granted on it. What is of another role, or of a kind that is not thought of
 * here, stays; whoever loads a dump meets it there, as an error.
 */
export const emptyDatabase = `SET client_min_messages = warning;
DO $muster$ DECLARE one text; BEGIN
${each(`SELECT format('DROP SCHEMA IF EXISTS %I CASCADE', n.nspname) FROM pg_namespace n
  WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'public') AND ${ofNoExtension('pg_namespace', 'n.oid')}`)}
${each(`SELECT format('DROP %s IF EXISTS %I.%I CASCADE', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, n.nspname, c.relname)
  ${inPublic('pg_class c', 'c.relnamespace')} AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${ofNoExtension('pg_class', 'c.oid')} ORDER BY c.relkind = 'S'`)}
${each(`SELECT format('DROP %s IF EXISTS %I.%I(%s) CASCADE', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
  ${inPublic('pg_proc p', 'p.pronamespace')} AND ${ofNoExtension('pg_proc', 'p.oid')}`)}
${each(`SELECT format('DROP %s IF EXISTS %I.%I CASCADE', CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, n.nspname, t.typname)
  ${inPublic('pg_type t', 't.typnamespace')} AND (t.typtype IN ('d', 'e', 'r') OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')) AND ${ofNoExtension('pg_type', 't.oid')}`)}
PERFORM lo_unlink(l.oid) FROM pg_largeobject_metadata l WHERE pg_has_role(l.lomowner, 'MEMBER');
END $muster$;
`;
