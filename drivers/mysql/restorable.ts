import { refuseObstacles, type Obstacle } from '../sql/obstacles.ts';
import { serverSchemas } from './config.ts';
import { readFormative, stopwordTables } from './formative.ts';
import { assertOwnData } from './own-data.ts';
import { assertRights } from './rights.ts';
import type { MysqlSite } from './site.ts';
import { withSession, type Session } from './session.ts';

const expected = 'tables with files of their own in the data folder';

/**
 * Environment error when something lies in this server that no restore from a dump can bring back. Asked when
 * a backup is made, and before anything is broken: after the loss it would be too late to change it.
 */
export async function assertRestorable(site: MysqlSite, session: Session): Promise<void> {
  await assertRights(site, session);
  refuseObstacles(site.service.name, [
    ...(await elsewhere(site, session)),
    ...(site.product.keyring ? await encrypted(site, session) : []),
    ...(await stopwordsLeftOut(site, session)),
  ]);
}

/** In words, of what the product says of its own. */
async function elsewhere({ product }: MysqlSite, { rows }: Session): Promise<Obstacle[]> {
  const found: Obstacle[] = [];
  for (const { sql, what, hint } of product.obstacles) {
    const tables = await rows<{ name: string }>(sql, [serverSchemas]);
    if (tables.length > 0) found.push({ what, hint, expected, names: tables.map(({ name }) => name) });
  }
  return found;
}

/**
 * The rows are in the dump in the clear, and go into encrypted files again: for that the loading server needs
 * the keyring.
 */
async function encrypted(site: MysqlSite, { rows }: Session): Promise<Obstacle[]> {
  const tables = await rows<{ name: string }>(
    "SELECT REPLACE(name, '/', '.') AS name FROM information_schema.innodb_tablespaces WHERE encryption = 'Y'",
  );
  if (tables.length === 0) return [];
  const status = await rows<{ k: string; v: string }>(
    'SELECT status_key AS k, status_value AS v FROM performance_schema.keyring_component_status',
  ).catch(() => []);
  const file = status.find(({ k }) => k === 'Data_file')?.v ?? null;
  const names = tables.map(({ name }) => name);
  if (file === null)
    return [
      {
        what: 'tables are encrypted with a keyring that no server of a restore has',
        names,
        expected,
        hint: 'component_keyring_file, its manifest in the image, and its file on a volume',
      },
    ];
  const onVolume = site.service.mounts.some(({ path }) => file === path || file.startsWith(`${path}/`));
  if (!onVolume)
    return [
      {
        what: `tables are encrypted with keys in ${file}, which is on no volume`,
        names,
        expected,
        hint: 'keep the keyring on a volume of its own',
      },
    ];
  const helper = await site.service.helper({ network: 'none', volumes: true });
  try {
    const { code } = await helper.exec([
      'sh',
      '-c',
      'test -e "$(dirname "$(readlink -f "$(command -v mysqld)")")/mysqld.my"',
    ]);
    return code === 0
      ? []
      : [
          {
            what: 'tables are encrypted, and the manifest of the keyring is not in the image',
            names,
            expected,
            hint: 'put mysqld.my beside mysqld into the image',
          },
        ];
  } finally {
    await helper.remove();
  }
}

/** Full-text indexes are built anew under the source's stopwords, which must be in the dump for that. */
async function stopwordsLeftOut({ config }: MysqlSite, session: Session): Promise<Obstacle[]> {
  const tables = stopwordTables(await readFormative(session));
  const dumped = (name: string): boolean =>
    (config.databases?.includes(name.split('.')[0]!) ?? true) && !config.ignoreTables.includes(name);
  const leftOut = tables.filter((name) => !dumped(name));
  if (leftOut.length === 0) return [];
  return [
    {
      what: 'full-text indexes are built under stopwords that the dump leaves out',
      names: leftOut,
      expected: 'tables that are in the dump',
      hint: 'take the table out of ignoreTables, or its database into databases',
    },
  ];
}

/** Before anything is broken: whether a restore of this component can work at all. */
export async function assertRestoreUsable(site: MysqlSite): Promise<void> {
  await assertOwnData(site);
  await withSession(site, (session) => assertRestorable(site, session));
}
