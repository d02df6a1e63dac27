import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { withAccounts } from '../../cli/init-accounts.ts';
import { recognised, type Recognised } from '../../cli/init-recognise.ts';
import type { ComposeConfig } from '../../stack/compose.ts';
import { muster } from '../support/muster.ts';
import { scratch } from '../support/scratch.ts';

type Env = Record<string, string>;
const drivers = ['mysql', 'mariadb', 'postgres', 'redis', 'http'];

/** Of a database `db` with that image and environment, beside services with theirs. */
function found(image: string, own: Env, others: Record<string, Env>, names: Env = {}): Recognised {
  const services = {
    db: { image, environment: own, container_name: 'shop-db', networks: { back: { aliases: ['store'] } } },
    ...Object.fromEntries(
      Object.entries(others).map(([name, environment]) => [name, { image: 'team/app', environment }]),
    ),
  };
  const config = { services } as unknown as ComposeConfig;
  return withAccounts(config, recognised(config, drivers), names).find(({ service }) => service === 'db')!;
}

const secret = { SHOP_PASSWORD: 'of-the-shop', OTHER: 'else' };
const ofShop = { passwords: { shop: 'SHOP_PASSWORD' } };

describe('accounts that other services log in by are proposed with the variable of their password', () => {
  test.each<[string, string, Env]>([
    ['a URL', 'mysql:9.7', { DATABASE_URL: 'mysql://shop:of-the-shop@db:3306/shop' }],
    [
      'a URL of a library',
      'postgres:17',
      { DSN: 'postgresql+asyncpg://shop:of-the-shop@shop-db/shop?ssl=off' },
    ],
    ['a URL of JDBC', 'mariadb:11.8', { SPRING_URL: 'jdbc:mariadb://shop:of-the-shop@store/shop' }],
    ['variables', 'mysql:9.7', { DB_HOST: 'db', DB_USER: 'shop', DB_PASS: 'of-the-shop' }],
    [
      'variables of WordPress',
      'mariadb:11.8',
      {
        WORDPRESS_DB_HOST: 'shop-db:3306',
        WORDPRESS_DB_USER: 'shop',
        WORDPRESS_DB_PASSWORD: 'of-the-shop',
      },
    ],
    ['variables of libpq', 'postgres:17', { PGHOST: 'store', PGUSER: 'shop', PGPASSWORD: 'of-the-shop' }],
  ])('by %s', (_, image, env) => {
    const one = found(image, { MYSQL_ROOT_PASSWORD: 'x', POSTGRES_PASSWORD: 'x' }, { web: env }, secret);
    expect(one.config).toMatchObject(ofShop);
    expect(one.accounts).toEqual(['Guess: SHOP_PASSWORD is the password of shop, by whom web logs in.']);
  });

  test('a password with signs in it is the one that is meant', () => {
    const env = { DATABASE_URL: 'mysql://shop:p%40ss%2Fword@db/shop' };
    const one = found('mysql:9.7', { MYSQL_ROOT_PASSWORD: 'x' }, { web: env }, { SHOP: 'p@ss/word' });
    expect(one.config).toMatchObject({ passwords: { shop: 'SHOP' } });
  });

  test("the service's own variable is one by which a drill can ask, too", () => {
    const own = { MYSQL_ROOT_PASSWORD: 'x', APP_PASSWORD: 'of-the-shop' };
    const env = { DB_HOST: 'db', DB_USER: 'shop', DB_PASSWORD: 'of-the-shop' };
    expect(found('mysql:9.7', own, { web: env }).config).toMatchObject({
      passwords: { shop: 'APP_PASSWORD' },
    });
  });
});

describe('nothing is proposed', () => {
  test.each<[string, string, Env, Env]>([
    ['of root', 'mysql:9.7', {}, { DB_HOST: 'db', DB_USER: 'root', DB_PASS: 'of-the-shop' }],
    [
      'of whom the service itself says the password',
      'mysql:9.7',
      { MYSQL_USER: 'shop', MYSQL_PASSWORD: 'of-the-shop' },
      { DB_HOST: 'db', DB_USER: 'shop', DB_PASS: 'of-the-shop' },
    ],
    ['at another host', 'mysql:9.7', {}, { DB_HOST: 'elsewhere', DB_USER: 'shop', DB_PASS: 'of-the-shop' }],
    ['of another technology', 'mysql:9.7', {}, { URL: 'amqp://shop:of-the-shop@db/shop' }],
    ['without a password', 'postgres:17', {}, { DB_HOST: 'db', DB_USER: 'shop' }],
    [
      'of variables that do not belong together',
      'mysql:9.7',
      {},
      { DB_HOST: 'db', SMTP_USER: 'shop', SMTP_PASSWORD: 'of-the-shop' },
    ],
  ])('%s', (_, image, own, env) => {
    const one = found(
      image,
      { MYSQL_ROOT_PASSWORD: 'x', POSTGRES_PASSWORD: 'x', ...own },
      { web: env },
      secret,
    );
    expect([one.config?.['passwords'], one.accounts]).toEqual([undefined, undefined]);
    expect(one.guesses.join()).not.toContain('logs in');
  });

  test('where no variable of the project holds it, but it is said, without the password', () => {
    const env = { DATABASE_URL: 'mysql://shop:only-here@db/shop' };
    const one = found('mysql:9.7', { MYSQL_ROOT_PASSWORD: 'x' }, { web: env }, secret);
    expect(one.config).toBeNull();
    expect(one.guesses.join()).toContain(
      'shop, by whom web logs in, has a password that only DATABASE_URL of web says',
    );
    expect(JSON.stringify(one)).not.toContain('only-here');
  });
});

test('init writes it with a comment, and plan takes it; also where the password is made for each run', async () => {
  const folder = mkdtempSync(join(scratch, 'init-accounts-'));
  const compose = `services:
  db: { image: "postgres:17", environment: { POSTGRES_PASSWORD: x }, volumes: ["data:/var/lib/postgresql/data"], restart: always }
  web: { image: team/app, environment: { DATABASE_URL: "postgres://shop:\${SHOP_PASSWORD}@db/shop" } }
  work: { image: team/app, environment: { PGHOST: db, PGUSER: worker, PGPASSWORD: "\${WORK_PASSWORD:?}" } }
volumes: { data: }
`;
  writeFileSync(join(folder, 'compose.yml'), compose);
  writeFileSync(join(folder, '.env'), 'SHOP_PASSWORD=of-the-shop\n');
  const made = await muster(['init', '--yes'], { cwd: folder });
  expect([made.stderr, made.code]).toEqual(['', 0]);
  const text = readFileSync(join(folder, 'muster/strategy.yaml'), 'utf8');
  expect(parse(text)).toMatchObject({
    components: { db: { config: { passwords: { shop: 'SHOP_PASSWORD', worker: 'WORK_PASSWORD' } } } },
  });
  expect(text).toMatch(/# Guess: SHOP_PASSWORD is the password of shop, by whom web logs in\.\n/);
  expect(text).not.toContain('of-the-shop');
  const planned = await muster(['plan', 'muster/db-volume-lost.yaml'], { cwd: folder });
  expect([planned.stderr, planned.code]).toEqual(['', 0]);
});
