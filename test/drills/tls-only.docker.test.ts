import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { copyOf, isLostAndRestored, passes } from '../support/project-copy.ts';
import { byScripts, drillTwin, type Judged } from '../support/project-twins.ts';

const secrets = ['deeds-under-seal-of-the-notary', 'keys-to-the-strongroom'];
const ask =
  'MYSQL_PWD=$(cat /run/secrets/keeper_password) mariadb --ssl -h127.0.0.1 -ukeeper --default-character-set=utf8mb4 -N -e "$0" vault';
/** The records of the load are in no container that has only begun. */
const sealed =
  "SELECT COUNT(*), MAX(deeds(1)), MIN(name LIKE '%🔏'), (SELECT COUNT(*) > 0 FROM muster_ledger_db) FROM deed JOIN holder ON holder.id = deed.holder";

/** Nobody knows the password of root, the others lie in files, and MariaDB lets nobody in without TLS. */
describe('a vault that takes TLS alone, as it is', { timeout: 600_000 }, () => {
  const vault = copyOf('vault', { MUSTER_BACKUP_KEY: 'ab'.repeat(32) });
  const before = vault.files();
  afterAll(() => vault.remove());

  test('init needs no password of root, and has the load where the scripts see it', async () => {
    const init = await vault.at('init', '--rto', '10m', '--rpo', '24h', '--yes');
    expect([init.stderr, init.code]).toEqual(['', 0]);
    expect(init.stdout).toContain(
      "db: driver mariadb, by image mariadb:11.8; root, by a password that Muster knows, in the drill's copy",
    );
    const strategy: unknown = parse(readFileSync(join(vault.folder, 'muster/strategy.yaml'), 'utf8'));
    expect(strategy).toMatchObject({
      components: {
        db: { driver: 'mariadb', config: { database: 'vault' }, backups: { scripts: { method: 'command' } } },
        api: { driver: 'http' },
      },
    });
    const planned = await vault.at('plan', 'muster/db-volume-lost.yaml', 'muster/api-crash.yaml');
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
    expect(planned.stdout).toContain('MARIADB_RANDOM_ROOT_PASSWORD of db: MARIADB_ROOT_PASSWORD instead');
  });

  test('its database is lost and restored, and what was kept passes a restore test', async () => {
    const holds = ['sh', '-c', `test "$(${ask})" = "$(printf '490\\t4\\t1\\t1')"`, sealed];
    await isLostAndRestored(vault, { holds, secrets });
  });

  test("and so it is by Muster's own backup, which takes the accounts along", async () => {
    const built = await vault.at('init', '--rto', '10m', '--rpo', '24h', '--yes', '--force', '--built-in');
    expect([built.stderr, built.code]).toEqual(['', 0]);
    await passes(vault, 'muster/db-volume-lost.yaml');
  });

  test('and not a byte of its own is another one', () => {
    expect(vault.files()).toEqual(before);
  });
});

describe('the own scripts of a vault that takes TLS alone', { timeout: 600_000 }, () => {
  const drill = (scripts?: Record<string, string>, scenario?: object): Promise<Judged> =>
    drillTwin({
      project: 'vault',
      strategy: {
        stack: '../compose.yml',
        components: {
          db: byScripts('/dumps/*.sql.gz', { driver: 'mariadb', config: { database: 'vault' } }),
        },
      },
      ...(scripts ? { scripts } : {}),
      ...(scenario ? { scenario } : {}),
    });
  const login = 'export MYSQL_PWD="$(cat /run/secrets/keeper_password)"';
  const dump = 'mariadb-dump --host=127.0.0.1 --user=keeper --single-transaction';
  const load = 'mariadb --ssl --host=127.0.0.1 --user=keeper --default-character-set=utf8mb4 vault';
  const whole = '--ssl --routines --events --triggers --hex-blob --default-character-set=utf8mb4 vault';
  const into = '/dumps/vault-$(date +%s).sql.gz';

  test('a dump that asks without TLS is refused behind a pipe, and is no backup, before anything is broken', async () => {
    const { result, red, wasBroken } = await drill({
      'scripts/backup.sh': `${login}; ${dump} --skip-ssl vault | gzip > ${into}`,
    });
    expect(wasBroken).toBe(false);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red).toMatch(/vault-\d+\.sql\.gz is no backup: it is a gzip archive of nothing/);
  });

  test('a backup without routines and triggers, and in an old character set, fails by all of them', async () => {
    const { result, red, steps } = await drill({
      'scripts/backup.sh': `set -e; ${login}; ${dump} --ssl --skip-triggers --default-character-set=latin1 vault > /tmp/v; gzip -c /tmp/v > ${into}`,
    });
    expect(steps).toEqual([true]);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red).toMatch(/TRIGGER vault\.trimmed is missing/);
    expect(red).toMatch(/rows of vault\.holder: 100 rows, and not all as before/);
  });

  test('a restore that lets a counter fall back fails by the counter', async () => {
    const { result, red, steps } = await drill({
      'scripts/restore.sh': `set -e; ${login}
        until ${load} -e 'SELECT 1' >/dev/null 2>&1; do sleep 0.5; done
        gunzip -c "$1" | sed 's/ AUTO_INCREMENT=[0-9]*//' > /tmp/v; ${load} < /tmp/v`,
    });
    expect(steps).toEqual([true]);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red).toMatch(/AUTO_INCREMENT of vault\.deed: 491, was 501/);
  });

  test('a restore that loads over what was left fails by what was never brought back', async () => {
    const { result, red, steps } = await drill(
      {
        'scripts/backup.sh': `set -e; ${login}; ${dump} --skip-add-drop-table ${whole} > /tmp/v; gzip -c /tmp/v > ${into}`,
        'scripts/restore.sh': `${login}; gunzip -c "$1" | ${load} --force >/dev/null 2>&1; exit 0`,
      },
      { fault: { 'delete-rows': 'db', table: 'vault.deed', at: 'worst' } },
    );
    expect(steps).toEqual([true]);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red).toMatch(/vault\.deed|delete-rows/);
  });
});
