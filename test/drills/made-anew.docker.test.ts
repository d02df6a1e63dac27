import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { DrillResult } from '../../core/result.ts';
import { leftOf } from '../stack/small-stack.ts';
import { jsonOf, muster, type Ended } from '../support/muster.ts';

type Text = Record<string, unknown>;

/** A server whose compose file asks for passwords that nothing gives, and who asks it as its application. */
interface Server {
  image: string;
  service: Text;
  data: string;
  config?: Text;
  backup: string;
  /** A question that the application's own account answers, over the network, with this run's password. */
  holds: string;
}

const maria = (image: string, prefix: string, client: string): Server => ({
  image,
  service: {
    environment: {
      [`${prefix}_ROOT_PASSWORD`]: '${DB_ROOT_PASSWORD:?}',
      [`${prefix}_DATABASE`]: 'shop',
      [`${prefix}_USER`]: 'shop',
      [`${prefix}_PASSWORD`]: '${DB_PASSWORD:?}',
    },
  },
  data: '/var/lib/mysql',
  config: { database: 'shop' },
  backup: 'dump',
  holds: `test "$(MYSQL_PWD="$${prefix}_PASSWORD" ${client} --protocol=tcp -h127.0.0.1 -ushop -N -e 'SELECT COUNT(*) > 0 FROM shop.muster_ledger_db')" = 1`,
});
const servers: Record<string, Server> = {
  mysql: maria('${MUSTER_IMAGE_MYSQL:-mysql:9.7}', 'MYSQL', 'mysql'),
  mariadb: maria('${MUSTER_IMAGE_MARIADB:-mariadb:11.8}', 'MARIADB', 'mariadb'),
  postgres: {
    image: '${MUSTER_IMAGE_POSTGRES:-postgres:17}',
    service: { environment: { POSTGRES_PASSWORD: '${DB_PASSWORD:?}', POSTGRES_DB: 'shop' } },
    data: '/var/lib/postgresql/data',
    backup: 'dump',
    // By its name, so from an address that the image does not trust.
    holds: `test "$(PGPASSWORD="$POSTGRES_PASSWORD" psql -h db -U postgres -tAc 'SELECT count(*) > 0 FROM muster.ledger_db' shop)" = t`,
  },
  redis: {
    image: '${MUSTER_IMAGE_REDIS:-redis:8.0.2}',
    service: {
      command: ['redis-server', '--appendonly', 'yes', '--requirepass', '${DB_PASSWORD:?}'],
      environment: { REDISCLI_AUTH: '${DB_PASSWORD:?}' },
    },
    data: '/data',
    backup: 'rdb',
    holds: 'test "$(redis-cli DBSIZE | tr -dc 0-9)" -gt 0',
  },
};

interface Otherwise {
  service?: Text;
  /** Where the service has its data from. */
  from?: string;
  strategy?: Text;
  /** Before the restore. */
  first?: Text[];
}
function write(folder: string, driver: string, { from = 'data', ...more }: Otherwise = {}): void {
  const { image, service, data, config, backup, holds } = servers[driver]!;
  const compose = {
    services: { db: { image, restart: 'always', ...service, ...more.service, volumes: [`${from}:${data}`] } },
    volumes: { data: {} },
  };
  writeFileSync(join(folder, 'compose.yml'), stringify(compose));
  const strategy = {
    strategy: 'made-anew',
    stack: '../compose.yml',
    components: {
      db: {
        driver,
        ...(config ? { config } : {}),
        objectives: { rto: '5m', rpo: '15m' },
        backups: { daily: { method: backup, every: '5m', encrypt: 'aes-256', copies: ['here'] } },
      },
    },
    stores: { here: { kind: 'directory', path: './kept' } },
    invariants: { holds: { command: ['sh', '-c', holds], in: 'db' } },
    ...more.strategy,
  };
  const scenario = {
    scenario: 'lost',
    strategy: './strategy.yaml',
    title: 'It is lost',
    load: { orders: { target: 'db', rate: '50/s' } },
    protect: ['db.daily'],
    points: 2,
    fault: { 'wipe-volume': 'db', at: 'worst' },
    recover: [...(more.first ?? []), { restore: 'db', from: 'here' }],
    check: ['ledger'],
  };
  mkdirSync(join(folder, 'muster'));
  writeFileSync(join(folder, 'muster/strategy.yaml'), stringify(strategy));
  writeFileSync(join(folder, 'muster/lost.yaml'), stringify(scenario));
}

const folder = (driver: string): { path: string; at(args: string[], env?: Text): Promise<Ended> } => {
  const path = mkdtempSync(join(tmpdir(), `muster-made-anew-${driver}-`));
  const key = { MUSTER_BACKUP_KEY: 'cd'.repeat(32) };
  return { path, at: (args, env = {}) => muster(args, { cwd: path, env: { ...key, ...env } as never }) };
};
async function judged(ended: Ended): Promise<{ code: number | null; result: DrillResult; said: string }> {
  const [one] = jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills;
  const { result } = one ?? expect.fail(`nothing was judged: ${ended.stderr}`);
  expect(await leftOf(result.drill)).toEqual([]);
  const bad = result.findings.filter(({ verdict }) => verdict !== 'pass');
  return { code: ended.code, result, said: bad.map(({ id, detail }) => `${id}: ${detail}`).join('\n') };
}

/** What an earlier drill left, restored where every password is another one: nobody knows those of then. */
describe.each(Object.keys(servers))(
  'a point of %s from a run with other passwords',
  { timeout: 600_000 },
  (driver) => {
    const { path, at } = folder(driver);
    beforeAll(() => write(path, driver));
    afterAll(() => rmSync(path, { recursive: true, force: true }));

    it('passes a restore test, and lets the application in', async () => {
      const drill = await judged(await at(['run', 'muster/lost.yaml', '--json']));
      expect(drill.code, drill.said).toBe(0);
      const test = await judged(
        await at(['restore-test', 'muster/strategy.yaml', 'db', '--check', 'holds', '--json']),
      );
      expect(test.code, test.said).toBe(0);
    });
  },
);

describe('a point from before a password of the user was changed', { timeout: 600_000 }, () => {
  const { path, at } = folder('mysql');
  beforeAll(() => write(path, 'mysql'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));

  it('fails, and says which password must be what it was', async () => {
    const then = { DB_ROOT_PASSWORD: 'of-spring', DB_PASSWORD: 'of-the-shop' };
    const drill = await judged(await at(['run', 'muster/lost.yaml', '--json'], then));
    expect(drill.code, drill.said).toBe(0);
    const asked = ['restore-test', 'muster/strategy.yaml', 'db', '--check', 'holds', '--json'];
    const now = await judged(await at(asked, { ...then, DB_ROOT_PASSWORD: 'of-autumn' }));
    expect(now.code).toBe(1);
    expect(now.said).toMatch(/the accounts of the dump do not let Muster in.*MYSQL_ROOT_PASSWORD/);
    const asThen = await judged(await at(asked, then));
    expect(asThen.code, asThen.said).toBe(0);
  });
});

/** Its Compose is called with little of the environment that the drill's was. */
describe('a script on this machine that has Compose start the server', { timeout: 600_000 }, () => {
  const script = `set -eu
before=$(docker compose ps -aq db)
docker compose up -d db
[ "$before" = "$(docker compose ps -aq db)" ] || { echo another container >&2; exit 1; }
docker compose run --rm --no-deps --entrypoint sh db -c 'test -n "$REDISCLI_AUTH" && touch /data/of-the-script'
echo 'services: { db: { image: none, volumes: ["./data:/data"] } }' > "$0/compose.yml"
docker compose up -d db
[ "$before" = "$(docker compose ps -aq db)" ] || { echo another container >&2; exit 1; }`;
  const { path, at } = folder('redis');
  beforeAll(() => {
    const command = ['sh', '-c', script, path];
    write(path, 'redis', {
      service: { env_file: ['db.env'] },
      from: '${DB_DATA:-./data}',
      strategy: { hostCommands: ['sh'] },
      first: [{ command, in: 'host' }],
    });
    writeFileSync(join(path, 'db.env'), 'FROM=a file\n');
    mkdirSync(join(path, 'data'));
  });
  afterAll(() => rmSync(path, { recursive: true, force: true }));

  it("has the drill's volume and passwords, and nothing of the user's folder", async () => {
    const env = { DB_DATA: 'data' };
    const ran = await at(['run', 'muster/lost.yaml', '--json', '--allow-host-commands'], env);
    const drill = await judged(ran);
    expect(readdirSync(join(path, 'data'))).toEqual([]);
    expect(drill.code, drill.said).toBe(0);
  });
});
