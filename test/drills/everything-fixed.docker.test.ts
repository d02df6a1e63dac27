import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyOf, isLostAndRestored, passes } from '../support/project-copy.ts';
import { byScripts, drillTwin, type Judged } from '../support/project-twins.ts';
import { freePort, imagesOf, runningCopy } from '../support/running-copy.ts';

const secrets = ['moorings-and-pilots'];
/** The records of the load are in no container that has only begun. */
const booked =
  "SELECT 1 / (count(*) = 400 AND (SELECT sum(times) FROM booked) = 400 AND (SELECT count(*) FROM muster.ledger_db) > 0)::int FROM booking JOIN berth ON berth.id = berth AND name LIKE '%⚓'";

/** Names, addresses, ports, networks and volumes are fixed, and the project runs beside its drills. */
describe('a harbour in which everything is fixed, beside itself as it runs', { timeout: 600_000 }, () => {
  // Names of its own, so that no project of whoever runs the tests is met; as fixed as they were.
  const mark = `harbor${process.pid}`;
  const harbor = copyOf('harbor', { MUSTER_BACKUP_KEY: 'ab'.repeat(32) });
  const file = join(harbor.folder, 'compose.yml');
  const environment: Record<string, string> = {};
  const production = runningCopy({
    project: mark,
    file,
    environment,
    containers: [`${mark}-db`, `${mark}-api`],
    networks: [`${mark}-net`, `${mark}-edge`],
    volumes: [`${mark}-data`, `${mark}-dumps`],
  });
  const inDb = (...command: string[]): string => production.docker('exec', `${mark}-db`, ...command);
  /** Every row, definition and role, and every backup. A dump has a word of its own against injection. */
  const data = (): string =>
    inDb(
      ...[
        'sh',
        '-c',
        'pg_dumpall -U harbor | grep -v "^.\\(un\\)\\?restrict " | sha256sum; sha256sum /dumps/*',
      ],
    );
  let ports: number[];
  let before: Record<string, string>;

  beforeAll(async () => {
    for (const name of ['compose.yml', 'ops/offsite-backup.sh', 'scripts/backup.sh']) {
      const path = join(harbor.folder, name);
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replaceAll(
          /\bharbor(?=-(?:db|api|net|edge|data|dumps)\b)|(?<=^name: )harbor$/gm,
          mark,
        ),
      );
    }
    ports = [await freePort(), await freePort()];
    appendFileSync(join(harbor.folder, '.env'), `DB_PORT=${ports[0]}\nAPI_PORT=${ports[1]}\n`);
    Object.assign(environment, await imagesOf(file));
    before = harbor.files();
    production.docker('network', 'create', `${mark}-edge`);
    production.compose('up', '--detach', '--wait');
    inDb('/scripts/backup.sh');
    inDb('psql', '-qU', 'harbor', '-c', "INSERT INTO berth VALUES (99, 'of today')");
  }, 300_000);
  afterAll(() => {
    try {
      production.compose('down', '--volumes');
      production.docker('network', 'rm', `${mark}-edge`);
    } finally {
      harbor.remove();
    }
  });

  test('init proposes the scripts in the database, and leaves the one that names the running container alone', async () => {
    const init = await harbor.at('init', '--rto', '10m', '--rpo', '24h', '--yes');
    expect([init.stderr, init.code]).toEqual(['', 0]);
    expect(init.stdout).toContain('scripts/backup.sh and scripts/restore.sh of db: a drill runs them');
    expect(init.stdout).toMatch(/ops\/offsite-backup\.sh looks like a backup of your own, and no drill runs/);
    const planned = await harbor.at('plan', 'muster/db-volume-lost.yaml', 'muster/api-crash.yaml');
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
    for (const line of [
      `port ${ports[0]} of db: free on 127.0.0.1 instead`,
      `port ${ports[1]} of api: free on 127.0.0.1 instead`,
      `container ${mark}-db: one of the drill's own instead`,
      `network ${mark}-net: one of the drill's own instead`,
      `external network ${mark}-edge: one of the drill's own instead`,
      `volume ${mark}-data: one of the drill's own instead`,
      'subnet 10.231.198.0/24 of network berths: one that is free instead',
      'address 10.231.198.10 of db: whichever is free instead',
      '10.231.198.10 in the environment of api: db instead',
    ])
      expect(planned.stdout).toContain(line);
  });

  test('its database is lost and restored, what was kept passes a restore test, and nothing is done to what runs', async () => {
    const since = Math.floor(Date.now() / 1000);
    const was = { running: production.running(), data: data() };
    await isLostAndRestored(harbor, { holds: ['psql', '-qAt', '-U', 'harbor', '-c', booked], secrets });
    await passes(harbor, 'muster/api-crash.yaml');
    expect(production.doneTo(since)).toEqual([]);
    expect({ running: production.running(), data: data() }).toEqual(was);
  });

  test('of which one row and one restart would have been seen', () => {
    const since = Math.floor(Date.now() / 1000);
    const was = { running: production.running(), data: data() };
    inDb('psql', '-qU', 'harbor', '-c', "UPDATE berth SET name = 'of somebody else' WHERE id = 99");
    production.docker('restart', `${mark}-api`);
    expect(data()).not.toBe(was.data);
    expect(production.running()[0]).toBe(was.running[0]);
    expect(production.running()[1]).not.toBe(was.running[1]);
    expect(production.doneTo(since)).toContainEqual(expect.stringMatching(/^container restart /));
  });

  test('and not a byte of its own is another one', () => {
    expect(harbor.files()).toEqual(before);
  });
});

describe('the own scripts of a harbour in which everything is fixed', { timeout: 600_000 }, () => {
  const drill = (scripts: Record<string, string>, scenario: object = {}): Promise<Judged> =>
    drillTwin({
      project: 'harbor',
      strategy: { stack: '../compose.yml', components: { db: byScripts('/dumps/*.sql') } },
      scripts,
      scenario,
    });

  test('what was dumped once is no second backup, before anything is broken', async () => {
    const { result, red, wasBroken } = await drill(
      {
        'scripts/backup.sh':
          'set -e; cd /dumps; [ -e /tmp/once ] || pg_dump -U "$POSTGRES_USER" --clean --if-exists -f /tmp/once "$POSTGRES_DB"; cp /tmp/once harbor-$(date +%s).sql',
      },
      { points: 2 },
    );
    expect(wasBroken).toBe(false);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red).toMatch(/left the same as the time before/);
  });

  test('a restore that ends well and put everything elsewhere fails by what is missing', async () => {
    const { result, red, steps } = await drill({
      'scripts/restore.sh':
        'until pg_isready -q -h 127.0.0.1 -U "$POSTGRES_USER"; do sleep 0.5; done; psql -q -U "$POSTGRES_USER" -f "$1" postgres >/dev/null 2>&1; exit 0',
    });
    expect(steps).toEqual([true]);
    expect(result).toMatchObject({ verdict: 'fail', exitCode: 1 });
    expect(red).toMatch(/^(?:integrity|rpo|rto|service|ledger)\//m);
  });
});
