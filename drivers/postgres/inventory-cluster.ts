import { keyed } from '../sql/keyed.ts';
import { passwordOf, type RolePassword } from './scram.ts';
import type { PostgresSite, Session } from './server.ts';

/** What all databases share: who there is and what each may do, and with what settings the server runs. */
export interface ClusterState {
  roles: Record<string, Role>;
  /** Of each database: a digest of its owner, its privileges, how it sorts and what it counts as letters. */
  databases: Record<string, string>;
  /** In words, by what they are of: `setting work_mem`, `setting by ALTER SYSTEM work_mem`. */
  settings: Record<string, string>;
  /** Replication slots by name: what they are of. */
  slots: Record<string, string>;
  /** Databases whose indexes were built by rules of sorting that the system has no more. */
  collations: string[];
  /** When the server was started. */
  startedAt: string;
}

export interface Role {
  attributes: string;
  /** Null where it has none. */
  password: RolePassword | null;
  memberOf: string;
}

/** Where things lie is the server's own, and so is what a session of Muster's sets. */
const itsOwn = [
  'data_directory',
  'config_file',
  'hba_file',
  'ident_file',
  'external_pid_file',
  'application_name',
];

export async function readCluster(
  session: Session,
  { major, known }: Pick<PostgresSite, 'major' | 'known'>,
): Promise<ClusterState> {
  const { rows } = session;
  const [start] = await rows<{ at: string }>('SELECT pg_postmaster_start_time()::text AS at');
  const list = (sql: string): Promise<Record<string, string>> => named(session, sql);
  const how = major >= 15 ? 'd.datlocprovider' : "'c'";
  const [settings, bySystem, bySomebody, whoGetsIn] = [
    await list(
      `SELECT name, setting FROM pg_settings WHERE source NOT IN ('default', 'client', 'session', 'override') AND name NOT IN (${itsOwn.map((one) => `'${one}'`).join(', ')})`,
    ),
    await list("SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf'"),
    await list(
      `SELECT coalesce(d.datname, 'every database') || ' and ' || coalesce(r.rolname, 'every role'), (SELECT string_agg(one, ', ' ORDER BY one) FROM unnest(s.setconfig) AS one)
         FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole`,
    ),
    await list(
      `SELECT 'all', string_agg(jsonb_build_array(type, database, user_name, address, netmask, auth_method, options, error)::text, E'\\n' ORDER BY line_number) FROM pg_hba_file_rules`,
    ),
  ];
  const whoMaySet =
    major < 15
      ? {}
      : await list(
          "SELECT p.parname, (SELECT string_agg(one::text, ',' ORDER BY one::text) FROM unnest(p.paracl) AS one) FROM pg_parameter_acl p",
        );
  return {
    roles: await readRoles(session, major, known),
    databases: digested(
      await list(
        `SELECT d.datname, jsonb_build_array(pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, ${how}, d.datistemplate, d.datallowconn, d.datconnlimit,
           (SELECT string_agg(one::text, ',' ORDER BY one::text) FROM unnest(coalesce(d.datacl, acldefault('d', d.datdba))) AS one), shobj_description(d.oid, 'pg_database'))::text FROM pg_database d`,
      ),
    ),
    settings: {
      ...prefixed('setting', settings),
      ...prefixed('setting by ALTER SYSTEM', bySystem),
      ...prefixed('setting of', bySomebody),
      ...prefixed('who may change setting', whoMaySet),
      ...prefixed('rules of who gets in (pg_hba.conf)', digested(whoGetsIn)),
    },
    slots: await list(
      "SELECT slot_name, slot_type || ' ' || coalesce(plugin, '') || ' ' || coalesce(database, '') FROM pg_replication_slots WHERE NOT temporary",
    ),
    collations:
      major < 15
        ? []
        : Object.keys(
            await list(
              "SELECT datname, '' FROM pg_database WHERE datcollversion IS NOT NULL AND datcollversion <> pg_database_collation_actual_version(oid)",
            ),
          ),
    startedAt: start!.at,
  };
}

async function readRoles(
  { rows }: Session,
  major: number,
  known: PostgresSite['known'],
): Promise<Record<string, Role>> {
  const options = major >= 16 ? ', m.inherit_option, m.set_option' : '';
  const found = await rows<{
    name: string;
    attributes: string;
    password: string | null;
    member: string | null;
  }>(
    `SELECT a.rolname AS name, a.rolpassword AS password,
        jsonb_build_array(a.rolsuper, a.rolinherit, a.rolcreaterole, a.rolcreatedb, a.rolcanlogin, a.rolreplication, a.rolbypassrls, a.rolconnlimit, a.rolvaliduntil)::text AS attributes,
        (SELECT string_agg(jsonb_build_array(pg_get_userbyid(m.roleid), m.admin_option${options})::text, ',' ORDER BY pg_get_userbyid(m.roleid)) FROM pg_auth_members m WHERE m.member = a.oid) AS member
       FROM pg_authid a WHERE a.rolname NOT LIKE 'pg\\_%'`,
  );
  const roles: Record<string, Role> = {};
  for (const { name, attributes, password, member } of found)
    roles[name] = {
      attributes,
      password: password === null ? null : await passwordOf(name, password, known),
      memberOf: member ?? '',
    };
  return roles;
}

async function named({ rows }: Session, sql: string): Promise<Record<string, string>> {
  const found = await rows<{ name: string; value: string | null }>(
    `SELECT name, value FROM (${sql}) AS found (name, value) ORDER BY name`,
  );
  return Object.fromEntries(found.map(({ name, value }) => [name, value ?? '']));
}

const prefixed = (what: string, values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${what} ${name}`, value]));
const digested = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, keyed(value)]));
