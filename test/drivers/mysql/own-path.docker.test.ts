import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Artifact } from '../../../core/backup.ts';
import { pollUntil, systemClock } from '../../../core/clock.ts';
import type { Attached } from '../../../core/driver.ts';
import type { Service } from '../../../core/service.ts';
import mysqlDriver from '../../../drivers/mysql/index.ts';
import { withSession } from '../../../drivers/mysql/session.ts';
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
import { serverInFolder } from './server-in-folder.ts';

/** A server that carries the drill's labels, and whose data folder is a folder of this machine. */
const password = randomBytes(12).toString('hex');
let base: Receiver;
let folder: string;
let container: Container;
let site: DrillSite | undefined;
let theirs: Service;
let toHarm: Attached;
let artifact: Artifact;
let ofDatabases: Artifact;
let databases: Receiver;

const sql = (...statements: string[]): Promise<Record<string, unknown>[]> =>
  withSession({ service: theirs, password, config: mysqlDriver.config.parse({}) }, async ({ rows }) => {
    let last: Record<string, unknown>[] = [];
    for (const statement of statements) last = await rows(statement);
    return last;
  });

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
  await writeFile(join(folder, 'precious.txt'), 'the only copy');
  const runtime = await getRuntime();
  const choice = imageChoice(process.env, () => undefined);
  const image = (await provideImages(runtime, new Map([['mysql', null]]), choice)).get('mysql')!.reference;
  site = await drillSite(uniqueDrill('mysql-own'), image);
  container = await serverInFolder(site, image, folder, password);
  await container.start();
  theirs = await attachService(site, 'theirs', container);
  await pollUntil(systemClock, { everyMs: 100, deadlineMs: 60_000 }, () => sql('SELECT 1').catch(() => null));
  await sql(
    'CREATE TABLE app.users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(100), hash VARCHAR(200))',
    'SET SESSION cte_max_recursion_depth = 100000',
    "INSERT INTO app.users (email, hash) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT CONCAT('u', i), REPEAT(SHA2(i, 256), 3) FROM n",
  );
  toHarm = await attachTo(mysqlDriver, { component: 'mysql', service: theirs, secret: () => password });
  base = await createReceiver();
  artifact = base.artifact('dump', await takeBackup(toHarm.backups['dump']!, base, {}));
  databases = await createReceiver();
  const method = toHarm.backups['database-dump']!;
  const named = { databases: ['app'] };
  ofDatabases = databases.artifact('database-dump', await takeBackup(method, databases, named));
  // Pages that are still to be written would change the file under the test.
  await sql('FLUSH TABLES app.users FOR EXPORT', 'UNLOCK TABLES');
});
afterAll(async () => {
  await base?.remove();
  await databases?.remove();
  await toHarm?.close();
  await theirs?.exec(['find', '/var/lib/mysql', '-mindepth', '1', '-delete']).catch(() => undefined);
  await container?.remove({ force: true, v: true });
  if (site) await removed(site);
  await rm(folder, { recursive: true, force: true });
});

const ofOthers = async (format: string): Promise<unknown> => {
  const said = { tool: null, server: null, database: 'app', madeAt: null };
  return (await toHarm.existing())!.restore(
    Readable.from(['DROP TABLE app.users;\n']),
    { is: 'ours', format, said },
    { ...recordingContext(), declared: declaredAs() },
  );
};
/** All that a server without work leaves alone, and that it is the same server. */
const state = async (): Promise<unknown> => {
  const hash = createHash('sha256');
  for (const name of ['precious.txt', 'auto.cnf', 'server-key.pem', 'app/users.ibd'])
    hash.update(await readFile(join(folder, name)));
  const names = (await readdir(folder)).filter((name) => !name.startsWith('#')).sort();
  const rows = await sql('SELECT COUNT(*) AS n, @@super_read_only AS closed FROM app.users');
  return { names, digest: hash.digest('hex'), rows, pid: (await theirs.state()).pid };
};

describe('a data folder of MySQL that is a folder of the host', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['wipe', () => suffer(toHarm, 'wipe-volume')],
    [
      'corrupt-pages',
      () => suffer(toHarm, 'corrupt-pages', { table: 'app.users', pages: 1, pattern: 'random', seed: 1 }),
    ],
    ['stale-pages', () => suffer(toHarm, 'stale-page', { table: 'app.users', pages: 1, seed: 1 })],
    ['drop-table', () => suffer(toHarm, 'drop-table', { table: 'app.users' })],
    ['delete-rows', () => suffer(toHarm, 'delete-rows', { table: 'app.users', share: 1, seed: 1 })],
    [
      'corrupt-rows',
      () => suffer(toHarm, 'corrupt-rows', { table: 'app.users', column: 'email', share: 1, seed: 1 }),
    ],
    ['close-writes', () => suffer(toHarm, 'closed-for-writes')],
    ['a damaged file', () => damageFileOf(toHarm, { file: 'data', how: 'delete', restart: false, seed: 1 })],
    ['a full disk', () => suffer(toHarm, 'disk-full')],
    ['encryption', () => suffer(toHarm, 'encrypt-volume')],
    ['a restore', () => toHarm.backups['dump']!.restore!(artifact, recordingContext())],
    [
      'a restore of databases',
      () => toHarm.backups['database-dump']!.restore!(ofDatabases, recordingContext()),
    ],
    [
      'a replay',
      () =>
        toHarm.backups['binlog']!.replay!({ ...artifact, files: [] }, 'latest', artifact, recordingContext()),
    ],
    ['the emptying of a sandbox', async () => (await toHarm.existing())!.empty(declaredAs(), 'databases')],
    ['a dump of others', () => ofOthers('dump')],
    ['a data folder of others', () => ofOthers('data folder')],
    ['fencing', () => toHarm.actions['fence']!({})],
    ['replication', () => toHarm.actions['rejoin']!({ source: 'other', rebuild: true })],
  ])('%s refuses it, and nothing is changed', async (_name, act) => {
    const before = await state();
    await expect(act()).rejects.toThrow(/refusing to touch|is on no volume/);
    expect(await state()).toEqual(before);
  });
});
