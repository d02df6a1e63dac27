import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ComposeConfig } from '../../stack/compose.ts';
import { noRules } from '../../stack/containment.ts';
import { assertContained } from '../../stack/laid.ts';
import { nothingLaid } from '../../stack/override.ts';
import { folder, laid, one } from './laid-over.ts';

describe('what other programs act on', () => {
  test("labels are left out, but Muster's own", async () => {
    const { lines, service } = await laid(
      one(`labels: { traefik.enable: "true", ofelia.job: x, muster.region: west }, environment: { A: b }`),
    );
    expect(lines).toEqual([
      'labels of web: left out, other programs act on such (ofelia.job, traefik.enable)',
    ]);
    expect(service('web').labels).toEqual({ 'muster.region': 'west', 'muster.drill': 'd1' });
  });

  test('and so are the variables of a reverse proxy', async () => {
    const { lines, service } = await laid(
      one('environment: { VIRTUAL_HOST: shop.example, LETSENCRYPT_HOST: shop.example, A: b }'),
    );
    expect(lines).toEqual([
      'LETSENCRYPT_HOST, VIRTUAL_HOST of web: left out, a reverse proxy on this machine acts on it',
    ]);
    expect(service('web').environment).toEqual({ A: 'b' });
  });
});

describe('what Compose adds from files after it has merged all', () => {
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

  test('labels of a label_file are left out, too', async () => {
    write('of.labels', 'traefik.enable=true\nmuster.region=west\n');
    const { lines, service } = await laid(one('label_file: ./of.labels, labels: { own: "1" }'));
    expect(lines).toEqual(['labels of web: left out, other programs act on such (own, traefik.enable)']);
    expect(service('web').labels).toEqual({ 'muster.region': 'west', 'muster.drill': 'd1' });
  });

  test("and so are a proxy's variables of an env_file; all others of it stay as they are", async () => {
    write('of.env', "VIRTUAL_HOST=shop.example\nLETSENCRYPT_HOST=shop.example\nPRICE='a $b'\nEMPTY=\n");
    const { lines, service } = await laid(
      one(`env_file: ./of.env, environment: { A: b, VIRTUAL_PORT: "80", NOBODY_SETS: }`),
    );
    expect(lines).toEqual([
      'LETSENCRYPT_HOST, VIRTUAL_HOST, VIRTUAL_PORT of web: left out, a reverse proxy on this machine acts on it',
    ]);
    expect(service('web').environment).toEqual({ A: 'b', EMPTY: '', NOBODY_SETS: null, PRICE: 'a $$b' });
  });

  test('one that the strategy sets is what it says', async () => {
    write('of.env', 'VIRTUAL_HOST=shop.example\nA=b\n');
    const set = { web: { VIRTUAL_HOST: 'drill.invalid' } };
    const { service } = await laid(one('env_file: ./of.env'), {}, set);
    expect(service('web').environment).toEqual({ A: 'b', VIRTUAL_HOST: 'drill.invalid' });
  });

  test('a password of root that an image would make up is one that Muster knows', async () => {
    write('of.env', 'MYSQL_RANDOM_ROOT_PASSWORD=yes\nMYSQL_DATABASE=shop\n');
    const { service } = await laid(one('env_file: ./of.env'));
    expect(service('web').environment).toEqual({ MYSQL_DATABASE: 'shop', MYSQL_ROOT_PASSWORD: 'known' });
  });
});

describe('a password of root that an image would make up', () => {
  test.each([
    ['MYSQL_RANDOM_ROOT_PASSWORD: "1"', { MYSQL_ROOT_PASSWORD: 'known' }],
    ['MARIADB_RANDOM_ROOT_PASSWORD: yes, A: b', { MARIADB_ROOT_PASSWORD: 'known', A: 'b' }],
    ['MYSQL_RANDOM_ROOT_PASSWORD: 1, MYSQL_ROOT_PASSWORD: said', { MYSQL_ROOT_PASSWORD: 'said' }],
    ['MYSQL_RANDOM_ROOT_PASSWORD: 1, MYSQL_ROOT_PASSWORD_FILE: /r', { MYSQL_ROOT_PASSWORD_FILE: '/r' }],
  ])('%s: one that Muster knows', async (environment, found) => {
    const { lines, service } = await laid(one(`environment: { ${environment} }`));
    expect(service('web').environment).toEqual(found);
    expect(lines).toEqual([
      expect.stringMatching(/_RANDOM_ROOT_PASSWORD of web: \w+ instead, which Muster knows/),
    ]);
  });

  test('that it does not make up stays', async () => {
    const { lines, service } = await laid(one('environment: { MYSQL_RANDOM_ROOT_PASSWORD: "" }'));
    expect([lines, service('web').environment]).toEqual([[], { MYSQL_RANDOM_ROOT_PASSWORD: '' }]);
  });
});

describe('what a merged file has all the same is not started', () => {
  const merged = (keys: string, more = {}): ComposeConfig =>
    ({ services: { web: JSON.parse(keys) as object }, ...more }) as ComposeConfig;
  test.each([
    ['a label of others', merged('{ "labels": { "traefik.enable": "true", "muster.drill": "d1" } }')],
    ['a label of others on what is built', merged('{ "build": { "labels": { "traefik.enable": "true" } } }')],
    ['a label of others on a volume', merged('{}', { volumes: { d: { labels: { backup: '1' } } } })],
    ["a reverse proxy's variable", merged('{ "environment": { "A": "b", "VIRTUAL_HOST": "shop" } }')],
  ])('%s', (_, config) => {
    expect(() => assertContained(config, nothingLaid, noRules, 'muster-d1')).toThrow(/not decided on/);
  });

  test('and what is its own is', () => {
    const own = { labels: { 'muster.drill': 'd1' }, environment: { A: 'b', VIRTUAL_HOST: 'as.said' } };
    const config = merged(JSON.stringify(own), {
      networks: { n: { name: 'muster-d1_n', labels: own.labels } },
    });
    const rules = { ...noRules, environment: { web: { VIRTUAL_HOST: 'as.said' } } };
    expect(() => assertContained(config, nothingLaid, rules, 'muster-d1')).not.toThrow();
  });
});
