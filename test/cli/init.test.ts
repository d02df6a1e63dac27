import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { recognised, type Recognised } from '../../cli/init-recognise.ts';
import { plainNames } from '../../cli/init-names.ts';
import type { ComposeConfig } from '../../stack/compose.ts';
import { muster, type Ended } from '../support/muster.ts';

const drivers = ['mysql', 'mariadb', 'postgres', 'redis', 'valkey', 'http'];
const of = (service: object, known = drivers): Recognised =>
  recognised({ services: { one: service } } as unknown as ComposeConfig, known)[0]!;

describe('a service is recognised', () => {
  test.each<[object, string | null]>([
    [{ image: 'mysql:8.4' }, 'mysql'],
    [{ image: 'docker.io/library/mysql@sha256:0' }, 'mysql'],
    [{ image: 'mysql/mysql-server:8.0' }, 'mysql'],
    [{ image: 'postgres:17-alpine' }, 'postgres'],
    [{ image: 'postgis/postgis:17-3.5' }, 'postgres'],
    [{ image: 'bitnami/redis:7.4' }, 'redis'],
    [{ image: 'valkey/valkey:8' }, 'valkey'],
    [{ image: 'registry.example:5000/team/db:1', expose: ['3306'] }, 'mysql'],
    [{ image: 'team/web:1', ports: [{ target: 8080, published: '80' }] }, 'http'],
    [{ image: 'nginx:1.29', ports: [{ target: 80 }] }, 'http'],
    [{ image: 'mariadb:11' }, 'mariadb'],
    [{ image: 'lscr.io/linuxserver/mariadb:11.4.8' }, 'mariadb'],
    [{ image: 'mariadb:11', command: ['mysqld', '--log-bin'] }, 'mariadb'],
    [{ image: 'mariadb:11', entrypoint: ['sh', '-c'], command: ['mariadb -hdb < /sql'] }, null],
    [{ image: 'mongo:8' }, null],
    [{ image: 'team/worker:1' }, null],
    [{ image: 'mysql:8.4', command: ['mysqld', '--log-bin'] }, 'mysql'],
    [{ image: 'mysql:8.4', command: ['--log-bin'] }, 'mysql'],
    [{ image: 'mysql:8.4', entrypoint: ['sh', '-c'], command: ['mysql -hdb < /sql'] }, null],
    [{ image: 'redis:8', command: ['sh', '-c', 'exec redis-server --save ""'] }, 'redis'],
  ])('%j', (service, driver) => {
    const found = of(service);
    expect(found.driver).toBe(driver);
    if (driver === null) expect(found.notCovered).not.toBeNull();
  });

  test('MariaDB only where there is a driver for it', () => {
    expect(of({ image: 'mariadb:11' }, ['mysql']).driver).toBeNull();
  });

  test.each(['offen/docker-volume-backup:v2', 'prodrigestivill/postgres-backup-local', 'restic/restic'])(
    '%s is a backup sidecar, and not started',
    (image) => expect(of({ image }).leftOut).toMatch('backup sidecar'),
  );

  test.each<[object, RegExp]>([
    [{ image: 'mariadb' }, /nothing in the compose file says.*export MARIADB_ROOT_PASSWORD/],
    [{ image: 'mysql' }, /nothing in the compose file says.*export MYSQL_ROOT_PASSWORD/],
    [
      { image: 'mariadb', environment: { MARIADB_ROOT_PASSWORD: 'x', MARIADB_ROOT_HOST: 'localhost' } },
      /root may log in from localhost only/,
    ],
  ])('what is not known of the login is guessed, and said: %j', (service, guess) =>
    expect(of(service).guesses).toEqual([expect.stringMatching(guess)]),
  );

  test.each<[object, RegExp]>([
    [{ image: 'mysql', environment: { MYSQL_ROOT_PASSWORD: 'x' } }, /^root, by MYSQL_ROOT_PASSWORD of the/],
    [{ image: 'mysql', environment: { MYSQL_ROOT_PASSWORD_FILE: '/run/x' } }, /by MYSQL_ROOT_PASSWORD of/],
    [{ image: 'mariadb', environment: { MARIADB_ROOT_PASSWORD: 'x' } }, /^root, by MARIADB_ROOT_PASSWORD of/],
    [{ image: 'mariadb', environment: { MYSQL_ROOT_PASSWORD_FILE: '/x' } }, /by MYSQL_ROOT_PASSWORD of/],
    [{ image: 'mariadb', environment: { MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: '1' } }, /without a password/],
    [
      { image: 'mariadb', environment: { MARIADB_RANDOM_ROOT_PASSWORD: '1' } },
      /that Muster knows, .*MARIADB_R/,
    ],
    [{ image: 'mysql', environment: { MYSQL_RANDOM_ROOT_PASSWORD: 'yes' } }, /that Muster knows, .*MYSQL_R/],
    [
      { image: 'postgres', environment: { POSTGRES_USER: 'shop', POSTGRES_PASSWORD: 'x' } },
      /^shop, by POSTGRES/,
    ],
    [{ image: 'redis', command: ['redis-server', '--requirepass', 'x'] }, /--requirepass/],
  ])('and how it is logged in to: %j', (service, login) => {
    const found = of(service);
    expect(found.login).toMatch(login);
    expect(found.guesses).toEqual([]);
    expect(JSON.stringify(found.login)).not.toContain('"x"');
  });

  test.each([[{ image: 'postgres' }], [{ image: 'redis', command: ['redis-server', '/etc/redis.conf'] }]])(
    'and that nothing says how: %j',
    (service) => {
      expect(of(service).guesses.join()).toMatch(/config\.passwordFrom/);
    },
  );

  test('an HTTP service is asked what its own health check asks', () => {
    const healthcheck = { test: ['CMD-SHELL', "curl -fsS 'http://localhost:3000/api/health' || exit 1"] };
    expect(of({ image: 'team/web', ports: [{ target: 80 }], healthcheck })).toMatchObject({
      driver: 'http',
      clientsPort: 3000,
      config: { ready: '/api/health' },
    });
  });
});

const shop = `services:
  db: { image: "mysql:9.7", environment: { MYSQL_ROOT_PASSWORD: "$\{DB_PASS:?}" }, volumes: ["data:/var/lib/mysql"], restart: always }
  files: { image: team/files, volumes: ["uploads:/uploads"] }
  proxy: { image: "traefik:3", ports: ["80:80"], volumes: ["/var/run/docker.sock:/var/run/docker.sock"] }
volumes: { data: , uploads: }
`;
function project(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'muster-init-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
const init = (cwd: string, ...args: string[]): Promise<Ended> => muster(['init', '--yes', ...args], { cwd });

describe('what runs the programs of an image', () => {
  test.each<[string, object]>([
    [
      'its server by a shell',
      { image: 'redis', command: ['sh', '-c', 'exec redis-server --appendonly yes'] },
    ],
    ['by a whole path', { image: 'postgres', command: ['/usr/lib/postgresql/17/bin/postgres', '-D', '/d'] }],
    [
      'behind an init',
      { image: 'postgres', entrypoint: ['tini', '--', 'docker-entrypoint.sh'], command: ['postgres'] },
    ],
    ['behind another account', { image: 'redis', command: ['su-exec', 'redis', 'redis-server'] }],
    ['after something else', { image: 'mysql', command: ['sh', '-c', 'chmod 600 /k && exec mysqld --x'] }],
    [
      'its entry point with options',
      { image: 'mysql', entrypoint: ['docker-entrypoint.sh'], command: ['--x'] },
    ],
  ])('is that: %s', (_, service) => expect(of(service).notCovered).toBeNull());

  test.each<[string, object]>([
    ['its account', { image: 'postgres', entrypoint: ['chown', 'postgres:postgres', '/dumps'] }],
    ['its account, alone', { image: 'postgres', command: ['chown', '-R', 'postgres', '/dumps'] }],
    [
      'its host',
      { image: 'postgres', command: ['sh', '-c', 'until pg_isready -h postgres; do sleep 1; done'] },
    ],
    ['its folder', { image: 'postgres', command: ['ls', '/var/lib/postgres'] }],
  ])('is a job where the name is that of %s', (_, service) =>
    expect(of(service)).toMatchObject({ driver: null, notCovered: expect.stringMatching(/not the server/) }),
  );

  test('is a job where others wait until it has ended', () => {
    const [job, after] = recognised(
      {
        services: {
          job: { image: 'postgres', command: ['postgres', '--single'] },
          after: {
            image: 'postgres',
            environment: { POSTGRES_PASSWORD: 'x' },
            depends_on: { job: { condition: 'service_completed_successfully' } },
          },
        },
      } as unknown as ComposeConfig,
      drivers,
    );
    expect([job!.driver, after!.driver]).toEqual([null, 'postgres']);
  });
});

test('services whose names are alike, or are no text in YAML, are components of their own', () => {
  const services = ['db_1', 'db-1', 'Db.1', '1db', '2db', 'db', 'null'];
  const names = plainNames(services);
  expect(Object.fromEntries(names)).toEqual({
    'db-1': 'db-1',
    db_1: 'db-1-2',
    'Db.1': 'db-1-3',
    '1db': 'db-2',
    '2db': 'db-3',
    db: 'db',
    null: 'null-service',
  });
});

test('what a health check asks with that may be secret is not written down', () => {
  const asked = (query: string): Recognised =>
    of({
      image: 'team/web',
      environment: { HEALTH_TOKEN: 'of-the-user' },
      healthcheck: { test: ['CMD-SHELL', `curl -fsS 'http://localhost:3000/up?${query}'`] },
    });
  for (const query of ['token=hidden-one', 'k=of-the-user', 'all&api_key=hidden-one'])
    expect(JSON.stringify(asked(query))).not.toMatch(/hidden-one|of-the-user/);
  expect(asked('token=x').config).toMatchObject({ ready: '/up' });
  expect(asked('token=x').guesses.join()).toContain('a query that may be secret: it is left out');
  expect(asked('deep=true').config).toMatchObject({ ready: '/up?deep=true' });
});

describe('muster init', { concurrent: true }, () => {
  test('writes what plan accepts, and says what it guessed, left out and does not cover', async () => {
    const folder = project({
      'compose.yml': shop,
      '.env': 'DB_PASS=of-the-user\n',
      'backup.sh': '#!/bin/sh\n',
    });
    const { code, stdout, stderr } = await init(folder, '--rto', '20m');
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).toContain(
      'db: driver mysql, by image mysql:9.7; root, by MYSQL_ROOT_PASSWORD of the service',
    );
    expect(stdout).toContain('files: nothing says that it answers anybody');
    expect(stdout).toContain(
      'uploads of files at /uploads is written to, and in no backup that Muster knows',
    );
    expect(stdout).toContain('backup.sh looks like a backup of your own');
    expect(stdout).toMatch(/proxy: it could reach this machine/);
    expect(stdout).not.toContain('of-the-user');
    const text = readFileSync(join(folder, 'muster/strategy.yaml'), 'utf8');
    expect(parse(text)).toMatchObject({
      stack: '../compose.yml',
      services: ['db', 'files'],
      components: { db: { driver: 'mysql', objectives: { rto: '20m', rpo: '24h' } } },
    });
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/schemas\/strategy\.schema\.json$/m);
    expect(text).toContain('# Guess: what was promised?');
    expect(existsSync(join(folder, 'muster/schemas/strategy.schema.json'))).toBe(true);
    const files = ['muster/db-volume-lost.yaml', 'muster/db-crash.yaml'];
    expect(stdout).toContain(`muster plan ${files.join(' ')}`);
    const planned = await muster(['plan', ...files], { cwd: folder });
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
  });

  test('never writes over a file without being told to, and then writes none', async () => {
    const folder = project({ 'compose.yml': shop });
    mkdirSync(join(folder, 'muster'));
    writeFileSync(join(folder, 'muster/db-crash.yaml'), 'mine');
    const refused = await init(folder);
    expect(refused.code).toBe(64);
    expect(refused.stderr).toContain('muster/db-crash.yaml');
    expect(readdirSync(join(folder, 'muster'))).toEqual(['db-crash.yaml']);
    expect(readdirSync(folder).sort()).toEqual(['compose.yml', 'muster']);
    expect((await init(folder, '--force')).code).toBe(0);
    expect(readFileSync(join(folder, 'muster/db-crash.yaml'), 'utf8')).toContain('scenario: db-crash');
  });

  test('makes a component of each of two services whose names are alike', async () => {
    const one =
      '{ image: "mysql:9.7", environment: { MYSQL_ROOT_PASSWORD: x }, volumes: ["/var/lib/mysql"] }';
    const folder = project({ 'compose.yml': `services: { my_db: ${one}, my-db: ${one}, "null": ${one} }\n` });
    const { code, stderr } = await init(folder);
    expect([stderr, code]).toEqual(['', 0]);
    const text = readFileSync(join(folder, 'muster/strategy.yaml'), 'utf8');
    const { components } = parse(text) as { components: object };
    expect(components).toMatchObject({
      'my-db': { driver: 'mysql' },
      'my-db-2': { service: 'my_db' },
      'null-service': { service: 'null' },
    });
  });

  const base = 'services: { app: { image: team/app, depends_on: [db] } }\n';
  const db = 'services: { db: { image: "mysql:9.7", environment: { MYSQL_ROOT_PASSWORD: x } } }\n';
  const more =
    'services: { db: { volumes: ["data:/var/lib/mysql"], restart: always } }\nvolumes: { data: }\n';
  test.each<[string, Record<string, string>, string[], string[]]>([
    [
      'by an override',
      { 'docker-compose.yml': db, 'docker-compose.override.yml': more },
      [],
      ['../docker-compose.yml', '../docker-compose.override.yml'],
    ],
    [
      'by COMPOSE_FILE of .env',
      { 'base.yml': base, 'db.yml': db, 'more.yml': more, '.env': 'COMPOSE_FILE=base.yml:db.yml:more.yml\n' },
      [],
      ['../base.yml', '../db.yml', '../more.yml'],
    ],
    [
      'by --file',
      { 'base.yml': base, 'db.yml': db, 'more.yml': more },
      ['--file', 'base.yml', 'db.yml', 'more.yml'],
      ['../base.yml', '../db.yml', '../more.yml'],
    ],
  ])('of several files, %s, the strategy names them all', async (_, files, args, stack) => {
    const folder = project(files);
    const { code, stderr } = await init(folder, ...args);
    expect([stderr, code]).toEqual(['', 0]);
    const strategy: unknown = parse(readFileSync(join(folder, 'muster/strategy.yaml'), 'utf8'));
    expect(strategy).toMatchObject({ stack, components: { db: { driver: 'mysql' } } });
    const planned = await muster(['plan', 'muster/db-volume-lost.yaml', 'muster/db-crash.yaml'], {
      cwd: folder,
    });
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
    // The last one alone says of no service what it is.
    writeFileSync(
      join(folder, 'muster/strategy.yaml'),
      JSON.stringify({ ...(strategy as object), stack: stack.at(-1) }),
    );
    expect((await muster(['plan', 'muster/db-crash.yaml'], { cwd: folder })).code).toBe(64);
  });

  test.each<[string, Record<string, string>, string[], RegExp]>([
    ['where there is no compose file', {}, [], /there is no compose file/],
    ['of a file that is not there', {}, ['--file', 'x.yml'], /there is no compose file x\.yml/],
    [
      'where .env names the files',
      { 'compose.yml': shop, '.env': 'COMPOSE_FILE=a.yml:b.yml\n' },
      [],
      /no compose file a\.yml/,
    ],
    ['with an RTO that is none', { 'compose.yml': shop }, ['--rto', '20'], /--rto is no duration/],
    [
      'where nothing is known',
      { 'compose.yml': 'services: { a: { image: mongo } }' },
      [],
      /of a kind that a drill/,
    ],
  ])('says so %s', async (_, files, args, message) => {
    const folder = project(files);
    const { code, stderr } = await init(folder, ...args);
    expect(code).toBe(64);
    expect(stderr).toMatch(message);
    expect(readdirSync(folder).sort()).toEqual(Object.keys(files).sort());
  });
});
