import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { copyOf, isLostAndRestored } from '../support/project-copy.ts';
import { byScripts, drillTwin, type Judged } from '../support/project-twins.ts';

const secrets = ['appointments-and-recalls', 'waiting-room-of-the-cache'];
const booked =
  "SELECT 1 / (count(*) = 500)::int FROM appointment a JOIN patient p ON p.id = a.patient AND p.name LIKE '%🩺'";

/** Roots are read-only, nobody is root, secrets lie in files, networks are internal, no port is published. */
describe('a hardened clinic, as it is', { timeout: 600_000 }, () => {
  const clinic = copyOf('clinic', { MUSTER_BACKUP_KEY: 'ab'.repeat(32) });
  const before = clinic.files();
  afterAll(() => clinic.remove());

  test('init knows its logins, and plan accepts what it writes', async () => {
    const init = await clinic.at('init', '--rto', '10m', '--rpo', '24h', '--yes');
    expect([init.stderr, init.code]).toEqual(['', 0]);
    const strategy = readFileSync(join(clinic.folder, 'muster/strategy.yaml'), 'utf8');
    for (const component of ['db', 'cache', 'api'])
      expect(strategy).toMatch(new RegExp(`\\n {2}${component}:\\n`));
    const planned = await clinic.at('plan', 'muster/db-volume-lost.yaml', 'muster/api-crash.yaml');
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
    for (const component of ['db', 'cache', 'api'])
      expect(planned.stdout).toContain(`${component} is on internal networks only`);
  });

  test('publishes no port, and has no network that leads anywhere', () => {
    const { services, networks } = parse(readFileSync(join(clinic.folder, 'compose.yml'), 'utf8')) as {
      services: Record<string, object>;
      networks: Record<string, object>;
    };
    expect(Object.values(services).filter((one) => 'ports' in one)).toEqual([]);
    expect(Object.values(networks)).toEqual([{ internal: true }, { internal: true }]);
  });

  test('its database is lost and restored, and what was kept passes a restore test', async () => {
    await isLostAndRestored(clinic, { holds: ['psql', '-qAt', '-U', 'clinic', '-c', booked], secrets });
  });

  test('and not a byte of its own is another one', () => {
    expect(clinic.files()).toEqual(before);
  });
});

describe('the own scripts of a hardened clinic', { timeout: 600_000 }, () => {
  const drill = (scripts?: Record<string, string>, scenario?: object): Promise<Judged> =>
    drillTwin({
      project: 'clinic',
      strategy: { stack: '../compose.yml', components: { db: byScripts('/dumps/*.dump') } },
      ...(scripts ? { scripts } : {}),
      ...(scenario ? { scenario } : {}),
    });

  test('bring everything back where nothing but memory and volumes can be written to', async () => {
    const { result, said } = await drill();
    expect(result.verdict, said).toBe('pass');
  });

  test('half an archive behind a pipe is no backup, before anything is broken', async () => {
    const { result, red, wasBroken } = await drill({
      'scripts/backup.sh':
        'pg_dump -U "$POSTGRES_USER" -Fc "$POSTGRES_DB" | head -c 6000 > /dumps/clinic-$(date +%s).dump',
    });
    expect(wasBroken).toBe(false);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red).toMatch(/clinic-\d+\.dump is no backup: it is an archive of pg_dump, and not whole: it ends/);
  });

  test('a restore that loads over what was left fails by what was never brought back', async () => {
    const { result, red, steps } = await drill(
      {
        'scripts/restore.sh': 'pg_restore -U "$POSTGRES_USER" -d "$POSTGRES_DB" "$1" >/dev/null 2>&1; exit 0',
      },
      { fault: { 'delete-rows': 'db', table: 'public.appointment', at: 'worst' } },
    );
    expect(steps).toEqual([true]);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red).toMatch(/public\.appointment|delete-rows/);
  });
});
