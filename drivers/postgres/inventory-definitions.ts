import { keyed } from '../sql/keyed.ts';
import type { Session } from './server.ts';
import { serverSchema } from './tables.ts';

/** Who may do what, in one order, and as it is where nothing was ever said. */
const privileges = (acl: string, kind: string, owner: string): string =>
  `(SELECT string_agg(one::text, ',' ORDER BY one::text) FROM unnest(coalesce(${acl}, acldefault('${kind}', ${owner}))) AS one)`;
const owner = (column: string): string => `pg_get_userbyid(${column})`;

const columnsOf = `(SELECT jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage,
    a.attcollation::regcollation::text, pg_get_expr(d.adbin, d.adrelid), (SELECT string_agg(one::text, ',' ORDER BY one::text) FROM unnest(a.attacl) AS one), col_description(c.oid, a.attnum)) ORDER BY a.attnum)
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;

/** Each gives a name and what makes it what it is, for every one of its kind in the database at hand. */
const inSchemas: Record<string, string> = {
  SCHEMA: `SELECT n.nspname, jsonb_build_array(${owner('n.nspowner')}, ${privileges('n.nspacl', 'n', 'n.nspowner')}) FROM pg_namespace n WHERE $own`,
  TABLE: relation(`c.relkind IN ('r', 'p', 'f')`, columnsOf),
  VIEW: relation(`c.relkind IN ('v', 'm')`, 'pg_get_viewdef(c.oid)'),
  SEQUENCE: `SELECT n.nspname || '.' || c.relname, jsonb_build_array(${owner('c.relowner')}, ${privileges('c.relacl', 's', 'c.relowner')}, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE $own`,
  INDEX: `SELECT n.nspname || '.' || c.relname, jsonb_build_array(pg_get_indexdef(i.indexrelid), i.indisreplident, i.indisclustered)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.indisvalid AND $own`,
  CONSTRAINT: `SELECT n.nspname || '.' || coalesce(c.relname || '.', format_type(k.contypid, NULL) || '.') || k.conname, jsonb_build_array(pg_get_constraintdef(k.oid), k.convalidated)
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype <> 't' AND $own`,
  TRIGGER: `SELECT n.nspname || '.' || c.relname || '.' || t.tgname, jsonb_build_array(pg_get_triggerdef(t.oid), t.tgenabled)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND $own`,
  RULE: `SELECT n.nspname || '.' || c.relname || '.' || r.rulename, jsonb_build_array(pg_get_ruledef(r.oid), r.ev_enabled)
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.rulename <> '_RETURN' AND $own`,
  POLICY: `SELECT n.nspname || '.' || c.relname || '.' || p.polname, jsonb_build_array(p.polcmd, p.polpermissive, (SELECT string_agg(coalesce(r.rolname, 'public'), ',' ORDER BY r.rolname) FROM unnest(p.polroles) AS one LEFT JOIN pg_roles r ON r.oid = one), pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE $own`,
  ROUTINE: `SELECT p.oid::regprocedure::text, jsonb_build_array(p.prokind, ${owner('p.proowner')}, ${privileges('p.proacl', 'f', 'p.proowner')},
      CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END, g.aggtransfn::text, g.aggfinalfn::text, format_type(g.aggtranstype, NULL), g.agginitval)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid WHERE $own`,
  TYPE: `SELECT n.nspname || '.' || t.typname, jsonb_build_array(t.typtype, ${owner('t.typowner')}, ${privileges('t.typacl', 'T', 't.typowner')}, format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typdefault, t.typnotnull,
      (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r') AND $own`,
  OPERATOR: `SELECT o.oid::regoperator::text, jsonb_build_array(${owner('o.oprowner')}, o.oprcode::text) FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE $own`,
  COLLATION: `SELECT n.nspname || '.' || l.collname, jsonb_build_array(l.collprovider, l.collcollate, l.collctype) FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace WHERE $own`,
  'COMPOSITE TYPE': relation(`c.relkind = 'c'`, columnsOf),
  'OPERATOR CLASS': `SELECT n.nspname || '.' || o.opcname || ' using ' || m.amname, jsonb_build_array(${owner('o.opcowner')}, format_type(o.opcintype, NULL), o.opcdefault)
    FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE $own`,
  'TEXT SEARCH DICTIONARY': `SELECT n.nspname || '.' || d.dictname, jsonb_build_array(${owner('d.dictowner')}, (SELECT t.tmplname FROM pg_ts_template t WHERE t.oid = d.dicttemplate), d.dictinitoption)
    FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace WHERE $own`,
  'TEXT SEARCH CONFIGURATION': `SELECT n.nspname || '.' || c.cfgname, jsonb_build_array(${owner('c.cfgowner')}, (SELECT p.prsname FROM pg_ts_parser p WHERE p.oid = c.cfgparser),
      (SELECT jsonb_agg(jsonb_build_array(m.maptokentype, m.mapdict::regdictionary::text) ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = c.oid))
    FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace WHERE $own`,
  STATISTICS: `SELECT n.nspname || '.' || s.stxname, jsonb_build_array(pg_get_statisticsobjdef(s.oid)) FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE $own`,
};
const inNoSchema: Record<string, string> = {
  EXTENSION: `SELECT e.extname, jsonb_build_array(e.extversion, e.extnamespace::regnamespace::text) FROM pg_extension e`,
  LANGUAGE: `SELECT l.lanname, jsonb_build_array(${owner('l.lanowner')}, l.lanpltrusted, ${privileges('l.lanacl', 'l', 'l.lanowner')}) FROM pg_language l WHERE l.oid >= 16384 OR l.lanacl IS NOT NULL`,
  'EVENT TRIGGER': `SELECT e.evtname, jsonb_build_array(e.evtevent, ${owner('e.evtowner')}, e.evtfoid::regprocedure::text, e.evtenabled, e.evttags) FROM pg_event_trigger e`,
  'DEFAULT PRIVILEGES': `SELECT ${owner('d.defaclrole')} || '/' || coalesce(n.nspname, '') || '/' || d.defaclobjtype::text, jsonb_build_array((SELECT string_agg(one::text, ',' ORDER BY one::text) FROM unnest(d.defaclacl) AS one)) FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace`,
  PUBLICATION: `SELECT p.pubname, jsonb_build_array(${owner('p.pubowner')}, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, (SELECT string_agg(t.schemaname || '.' || t.tablename, ',' ORDER BY 1) FROM pg_publication_tables t WHERE t.pubname = p.pubname)) FROM pg_publication p`,
  SUBSCRIPTION: `SELECT s.subname, jsonb_build_array(${owner('s.subowner')}, s.subenabled, s.subconninfo, s.subslotname, s.subpublications) FROM pg_subscription s WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  'FOREIGN DATA WRAPPER': `SELECT w.fdwname, jsonb_build_array(${owner('w.fdwowner')}, w.fdwhandler::regproc::text, w.fdwoptions, ${privileges('w.fdwacl', 'F', 'w.fdwowner')}) FROM pg_foreign_data_wrapper w`,
  'FOREIGN SERVER': `SELECT s.srvname, jsonb_build_array(${owner('s.srvowner')}, s.srvoptions, ${privileges('s.srvacl', 'S', 's.srvowner')}) FROM pg_foreign_server s`,
  'USER MAPPING': `SELECT coalesce(u.usename, 'public') || '/' || u.srvname, jsonb_build_array(u.umoptions) FROM pg_user_mappings u`,
  CAST: `SELECT format_type(c.castsource, NULL) || '/' || format_type(c.casttarget, NULL), jsonb_build_array(c.castfunc::regprocedure::text, c.castcontext, c.castmethod) FROM pg_cast c WHERE c.oid >= 16384`,
  'LARGE OBJECT': `SELECT m.oid::text, jsonb_build_array(${owner('m.lomowner')}, ${privileges('m.lomacl', 'L', 'm.lomowner')}) FROM pg_largeobject_metadata m`,
};

function relation(which: string, what: string): string {
  return `SELECT n.nspname || '.' || c.relname, jsonb_build_array(c.relkind, ${owner('c.relowner')}, ${privileges('c.relacl', 'r', 'c.relowner')}, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
      pg_get_expr(c.relpartbound, c.oid), CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid), obj_description(c.oid, 'pg_class'), ${what})
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${which} AND $own`;
}

/** Of everything that is defined in the database at hand, by kind and name: a digest of its definition. */
export async function readDefinitions(
  { rows }: Session,
  ownSchema: string,
  label: (kind: string, name: string) => string,
  digest: (text: string) => string = keyed,
): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  const add = async (kind: string, sql: string, values: unknown[]): Promise<void> => {
    const found = await rows<{ name: string; text: string }>(
      `SELECT name, text::text FROM (${sql}) AS found (name, text) ORDER BY name`,
      values,
    );
    for (const { name, text } of found) out[label(kind, name)] = digest(text);
  };
  for (const [kind, sql] of Object.entries(inSchemas))
    await add(kind, sql.replace('$own', `NOT ${serverSchema('n.nspname')} AND n.nspname <> $1`), [ownSchema]);
  for (const [kind, sql] of Object.entries(inNoSchema)) await add(kind, sql, []);
  return out;
}
