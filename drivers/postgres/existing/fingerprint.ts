import { createHash } from 'node:crypto';
import type { Fingerprint, SourceServer } from '../../../core/existing.ts';
import { readDefinitions } from '../inventory-definitions.ts';
import { asText, digestRows } from '../row-digest.ts';
import { quoted, withSession, type PostgresSite, type Session } from '../server.ts';
import { serverSchema } from '../tables.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Every table by its rows and every definition, in one snapshot; reads, and writes nothing. */
export async function fingerprintOf(session: Session): Promise<Fingerprint> {
  const { rows } = session;
  await rows(asText);
  await rows('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  const tables = await rows<{ s: string; t: string }>(
    `SELECT n.nspname AS s, c.relname AS t FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm') AND (c.relkind = 'r' OR c.relispopulated) AND NOT ${serverSchema('n.nspname')} ORDER BY 1, 2`,
  );
  const data: Fingerprint['data'] = {};
  for (const { s, t } of tables) {
    const found = await digestRows(session, `${quoted(s)}.${quoted(t)}`);
    data[`${s}.${t}`] = { rows: found.rows, digest: sha256(JSON.stringify(found.sums)) };
  }
  const definitions = await readDefinitions(
    session,
    '',
    (kind, name) => `${kind.toLowerCase()} ${name}`,
    sha256,
  );
  await rows('COMMIT');
  // Those hold passwords, of which nobody must be able to try some.
  for (const name of Object.keys(definitions))
    if (/^(?:subscription|user mapping|foreign server) /.test(name)) delete definitions[name];
  return { data, definitions };
}

/** Of a server that is no part of a drill: it is read in one transaction that may not write. */
export const fingerprintAt = ({
  host,
  port,
  user = 'postgres',
  password,
  database = user,
}: SourceServer): Promise<{ server: string; fingerprint: Fingerprint }> => {
  const service = { endpoint: async () => ({ host, port }) } as unknown as PostgresSite['service'];
  const account = { user, password: password ?? null, tls: null };
  return withSession({ service, account, database }, async (session) => {
    const [row] = await session.rows<{ version: string }>(
      "SELECT current_setting('server_version') AS version",
    );
    return { server: `PostgreSQL ${row!.version}`, fingerprint: await fingerprintOf(session) };
  });
};
