import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../../core/clock.ts';
import type { Artifact } from '../../../core/backup.ts';
import type { Attached } from '../../../core/driver.ts';
import type { Service } from '../../../core/service.ts';
import postgresDriver from '../../../drivers/postgres/index.ts';
import { withSession } from '../../../drivers/postgres/server.ts';
import { imageChoice, provideImages } from '../../../stack/images.ts';
import { getRuntime, type Container } from '../../../stack/runtime.ts';
import { marked, removeMarked } from '../../../stack/marked.ts';
import { attachService } from '../../../stack/service.ts';
import type { DrillSite } from '../../../stack/drill-site.ts';
import { attachTo } from '../../support/attach-to.ts';
import { declaredAs } from '../../support/existing-rig.ts';
import { damageFileOf, suffer } from '../../support/suffer.ts';
import { drillSite } from '../../stack/drill-site.ts';
import { uniqueDrill } from '../../stack/small-stack.ts';
import { createReceiver, recordingContext, takeBackup, type Receiver } from '../../suites/artifact.ts';

/** A server that carries the drill's labels, and whose data folder is a folder of this machine. */
const password = 'not of the drill';
const data = '/var/lib/postgresql/data';
const methods = ['dump', 'database-dump'] as const;
let folder: string;
let container: Container;
let site: DrillSite | undefined;
let theirs: Service;
let attached: Attached;
let receivers: Record<(typeof methods)[number], Receiver>;
let file: string;
const artifacts: Partial<Record<(typeof methods)[number], Artifact>> = {};

const sql = (...statements: string[]): Promise<Record<string, unknown>[]> =>
  withSession(
    { service: theirs, account: { user: 'postgres', password, tls: null }, database: 'app' },
    async ({ rows }) => {
      let last: Record<string, unknown>[] = [];
      for (const statement of statements) last = await rows(statement);
      return last;
    },
  );

/** With what has sent signals for it. */
const removed = ({ runtime, labels }: DrillSite): Promise<unknown> =>
  removeMarked(runtime, () =>
    marked(
      runtime,
      Object.entries(labels).map(([key, value]) => `${key}=${value}`),
    ),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-not-ours-'));
  const runtime = await getRuntime();
  const choice = imageChoice(process.env, () => undefined);
  const image = (await provideImages(runtime, new Map([['postgres', null]]), choice)).get(
    'postgres',
  )!.reference;
  site = await drillSite(uniqueDrill('postgres-own'), image);
  container = await runtime.container.create({
    Image: image,
    Labels: site.labels,
    Env: [`POSTGRES_PASSWORD=${password}`, 'POSTGRES_DB=app'],
    // Nothing of its own may change the files under the test.
    Cmd: ['postgres', '-c', 'autovacuum=off', '-c', 'checkpoint_timeout=1d'],
    ExposedPorts: { '5432/tcp': {} },
    HostConfig: {
      Binds: [`${folder}:${data}`],
      PortBindings: { '5432/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
  });
  await container.start();
  theirs = await attachService(site, 'theirs', container);
  await pollUntil(systemClock, { everyMs: 100, deadlineMs: 60_000 }, () => sql('SELECT 1').catch(() => null));
  await sql(
    'CREATE TABLE users (id int PRIMARY KEY, email text)',
    "INSERT INTO users SELECT n, 'u' || n FROM generate_series(1, 2000) n",
  );
  await writeFile(join(folder, 'precious.txt'), 'the only copy');
  attached = await attachTo(postgresDriver, {
    component: 'theirs',
    service: theirs,
    config: postgresDriver.config.parse({ database: 'app' }),
    secret: () => password,
  });
  receivers = { dump: await createReceiver(), 'database-dump': await createReceiver() };
  for (const name of methods)
    artifacts[name] = receivers[name].artifact(
      name,
      await takeBackup(attached.backups[name]!, receivers[name], {}),
    );
  const [row] = await sql('VACUUM users', 'CHECKPOINT', "SELECT pg_relation_filepath('users') AS path");
  file = String(row!['path']);
}, 180_000);

afterAll(async () => {
  await attached?.close();
  await container?.remove({ force: true, v: true });
  if (site) await removed(site);
  for (const one of Object.values(receivers ?? {})) await one.remove();
  if (folder) await rm(folder, { recursive: true, force: true });
}, 60_000);

/** All that a server without work leaves alone, and that it is the same server. */
const state = async (): Promise<unknown> => {
  const hash = createHash('sha256');
  for (const name of ['precious.txt', 'PG_VERSION', 'postgresql.conf', 'pg_hba.conf', file])
    hash.update(await readFile(join(folder, name)));
  const names = (await readdir(folder)).sort();
  const rows = await sql(
    'SELECT count(*)::text AS n, min(email) AS first FROM users',
    "SELECT (SELECT count(*) FROM users)::text AS users, (SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database) AS databases",
  );
  return { names, digest: hash.digest('hex'), rows, pid: (await theirs.state()).pid };
};

const table = 'public.users';
const restored = (name: (typeof methods)[number]): Promise<unknown> =>
  attached.backups[name]!.restore!(artifacts[name]!, recordingContext());
const ofOthers = async (format: string): Promise<unknown> => {
  const said = { tool: null, server: null, database: 'app', madeAt: null };
  return (await attached.existing())!.restore(
    Readable.from(['DROP TABLE users;\n']),
    { is: 'ours', format, said },
    { ...recordingContext(), declared: declaredAs() },
  );
};

describe('a data folder of PostgreSQL that is a folder of the host', { timeout: 60_000 }, () => {
  test.each<[string, () => Promise<unknown>]>([
    ['wipe-volume', () => suffer(attached, 'wipe-volume')],
    ['encrypt-volume', () => suffer(attached, 'encrypt-volume')],
    ['disk-full', () => suffer(attached, 'disk-full')],
    ['corrupt-pages', () => suffer(attached, 'corrupt-pages', { table, pages: 1 })],
    ['drop-table', () => suffer(attached, 'drop-table', { table })],
    ['delete-rows', () => suffer(attached, 'delete-rows', { table, share: 1 })],
    ['corrupt-rows', () => suffer(attached, 'corrupt-rows', { table, column: 'email', share: 1 })],
    ['delete-file', () => damageFileOf(attached, { file: 'data', how: 'delete', restart: false, seed: 1 })],
    [
      'truncate-file',
      () => damageFileOf(attached, { file: 'data', how: 'truncate', keep: 0, restart: false, seed: 1 }),
    ],
    [
      'flip-bits',
      () => damageFileOf(attached, { file: 'data', how: 'flip-bits', bits: 8, restart: false, seed: 1 }),
    ],
    ['a restore of everything', () => restored('dump')],
    ['a restore of one database', () => restored('database-dump')],
    ['the emptying of a sandbox', async () => (await attached.existing())!.empty(declaredAs(), 'databases')],
    ['a dump of others', () => ofOthers('pg_dump')],
    ['a data folder of others', () => ofOthers('data folder')],
  ])('%s refuses it, and nothing is changed', async (_name, act) => {
    const before = await state();
    await expect(act()).rejects.toMatchObject({
      trouble: 'environment',
      message: expect.stringMatching(/^refusing to touch|is on no volume$/),
    });
    expect(await state()).toEqual(before);
  });
});
