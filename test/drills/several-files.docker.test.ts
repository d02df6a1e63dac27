import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { copyOf, isLostAndRestored } from '../support/project-copy.ts';
import { byScripts, drillTwin, type Judged } from '../support/project-twins.ts';

const stocked =
  "SELECT 1 / (count(*) = 1000 AND stock() = 4003)::int FROM movement WHERE article IN (SELECT id FROM article WHERE label LIKE '%📦')";

/** What keeps data comes by `include` with an .env of its own, the API by `extends`, ports by an override. */
describe('a depot in several files, as it is', { timeout: 600_000 }, () => {
  const depot = copyOf('depot', { MUSTER_BACKUP_KEY: 'ab'.repeat(32) });
  const before = depot.files();
  afterAll(() => depot.remove());

  test('init finds all of it as Compose does, and plan accepts what it writes', async () => {
    expect(Object.keys(before)).toContain('data/.env');
    const init = await depot.at('init', '--rto', '10m', '--rpo', '24h', '--yes');
    expect([init.stderr, init.code]).toEqual(['', 0]);
    const strategy = readFileSync(join(depot.folder, 'muster/strategy.yaml'), 'utf8');
    expect(strategy).toMatch(/stack: \[ \.\.\/compose\.yml, \.\.\/compose\.override\.yml \]/);
    expect(strategy).toMatch(/profiles: \[ jobs \]/);
    for (const component of ['db', 'cache', 'api'])
      expect(strategy).toMatch(new RegExp(`\\n {2}${component}:\\n`));
    expect(strategy).not.toContain('browser');
    const planned = await depot.at('plan', 'muster/db-volume-lost.yaml');
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
    expect(planned.stdout).toContain('port 5432 of db: free on 127.0.0.1 instead');
  });

  test('its database is lost and restored, and what was kept passes a restore test', async () => {
    const holds = ['psql', '-qAt', '-U', 'depot', '-c', stocked];
    await isLostAndRestored(depot, { holds, secrets: ['shelves-and-pallets'] });
  });

  test('and not a byte of its own is another one', () => {
    expect(depot.files()).toEqual(before);
  });
});

describe('the own scripts of a depot in several files', { timeout: 600_000 }, () => {
  const drill = (scripts?: Record<string, string>): Promise<Judged> =>
    drillTwin({
      project: 'depot',
      strategy: {
        stack: ['../compose.yml', '../compose.override.yml'],
        profiles: ['jobs'],
        components: { db: byScripts('/backups/*.sql') },
      },
      ...(scripts ? { scripts } : {}),
    });
  const dump = 'pg_dump -U "$POSTGRES_USER" --clean --if-exists';

  test('bring everything back', async () => {
    const { result, said } = await drill();
    expect(result.verdict, said).toBe('pass');
  });

  test('a dump that died leaves an empty file, which is no backup, before anything is broken', async () => {
    const { result, red, wasBroken } = await drill({
      'data/scripts/backup.sh': `${dump} depot_production > /backups/depot-$(date +%s).sql; exit 0`,
    });
    expect(wasBroken).toBe(false);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red).toMatch(/depot-\d+\.sql is no backup: it is empty/);
  });

  test('a backup without routines and emoji fails by both', async () => {
    const { result, red, steps } = await drill({
      'data/scripts/backup.sh': [
        'set -e; cd /backups; pg_dump -U "$POSTGRES_USER" -Fc -f /tmp/whole "$POSTGRES_DB"',
        "pg_restore -l /tmp/whole | grep -vE ' (FUNCTION|TRIGGER) ' > /tmp/list",
        "pg_restore -L /tmp/list --clean --if-exists -f - /tmp/whole | tr -d '\\200-\\377' > depot-$(date +%s).sql",
      ].join('\n'),
    });
    expect(steps).toEqual([true]);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red).toMatch(/inventory[^]*stock\(\)/);
    expect(red).toMatch(/public\.article/);
  });

  test('a restore that lets a counter fall back fails by the counter', async () => {
    const { result, red, steps } = await drill({
      'data/scripts/restore.sh': [
        'set -e; until pg_isready -q -h 127.0.0.1 -U "$POSTGRES_USER"; do sleep 0.5; done',
        'grep -v "pg_catalog.setval(.public.movement_id_seq" "$1" > /tmp/dump',
        'psql -q -U "$POSTGRES_USER" -v ON_ERROR_STOP=1 --single-transaction -o /dev/null -f /tmp/dump "$POSTGRES_DB"',
      ].join('\n'),
    });
    expect(steps).toEqual([true]);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red).toMatch(/movement_id_seq/);
  });
});
