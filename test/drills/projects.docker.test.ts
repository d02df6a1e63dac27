import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { copyOf, isInNoEvidence, passes } from '../support/project-copy.ts';

/** What a user has by `muster init`, `plan` and `run`, in a project that knows nothing of Muster. */
describe('an ordinary shop, as it is', { timeout: 600_000 }, () => {
  const shop = copyOf('shop');
  const before = shop.files();
  afterAll(() => shop.remove());

  test('init writes a strategy and two scenarios, and plan accepts them', async () => {
    const init = await shop.at('init', '--rto', '10m', '--rpo', '24h', '--yes');
    expect([init.stderr, init.code]).toEqual(['', 0]);
    const planned = await shop.at('plan', 'muster/db-volume-lost.yaml', 'muster/web-crash.yaml');
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
    expect(planned.stdout).toContain("external network shop-proxy: one of the drill's own instead");
  });

  test('its database is lost and restored, with the password of its .env', async () => {
    await passes(shop, 'muster/db-volume-lost.yaml');
    isInNoEvidence(shop, ['correct horse battery', 'staple-of-the-cache']);
  });

  test('its web service is killed, and its restart policy brings it back', () =>
    passes(shop, 'muster/web-crash.yaml'));

  test('and not a byte of its own is another one', () => {
    expect(shop.files()).toEqual(before);
  });
});

/** MariaDB in a folder beside the compose file, in which the user's own data lies. */
describe('a blog with its database in a folder, as it is', { timeout: 600_000 }, () => {
  const blog = copyOf('blog');
  const data = {
    ibdata1: 'not a database',
    '.my-healthcheck.cnf': 'not a password',
    'wordpress/wp_posts.ibd': '',
  };
  for (const [name, text] of Object.entries(data)) {
    mkdirSync(dirname(join(blog.folder, 'db', name)), { recursive: true });
    writeFileSync(join(blog.folder, 'db', name), text, { mode: 0o640 });
  }
  const before = blog.files();
  afterAll(() => blog.remove());

  test('init knows it by its image, and the login by its env file; plan accepts what it writes', async () => {
    const init = await blog.at('init', '--rto', '10m', '--rpo', '24h', '--yes');
    expect([init.stderr, init.code]).toEqual(['', 0]);
    const strategy = readFileSync(join(blog.folder, 'muster/strategy.yaml'), 'utf8');
    expect(strategy).toMatch(/driver: mariadb/);
    const planned = await blog.at('plan', 'muster/db-volume-lost.yaml');
    expect([planned.stderr, planned.code]).toEqual(['', 0]);
  });

  test('its database is lost and restored', async () => {
    await passes(blog, 'muster/db-volume-lost.yaml');
    isInNoEvidence(blog, ['somewordpress-root', 'wordpress-of-the-blog']);
  });

  test('and not a byte of its own is another one, in the folder of its database neither', () => {
    expect(Object.keys(before)).toContain('db/ibdata1');
    expect(blog.files()).toEqual(before);
  });
});
