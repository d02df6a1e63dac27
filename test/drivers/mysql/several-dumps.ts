import { beforeAll, describe, expect, it } from 'vitest';
import type { Tries } from '../../support/existing-rig.ts';

interface Several {
  /** What the dump tool writes, given these arguments. */
  dump(...args: string[]): Promise<string>;
  sql(...statements: string[]): Promise<unknown>;
  /** A dump of shop, which is what is declared. */
  good(): string;
  prepare?(): Promise<unknown>;
}

/** What scripts make of dumps: several in one file, of several databases, and with something around them. */
export function severalSuite({ tried, usableOf, whyOf }: Tries, { dump, sql, good, prepare }: Several): void {
  describe('several in one, and what scripts write around them', () => {
    let shop: string;
    let blog: string;
    let both: string;
    beforeAll(async () => {
      await prepare?.();
      await tried(good());
      await sql(
        'CREATE DATABASE blog',
        'CREATE TABLE blog.posts (id INT)',
        'INSERT INTO blog.posts VALUES (1)',
      );
      shop = await dump('--databases', 'shop');
      blog = await dump('--databases', 'blog');
      both = await dump('--databases', 'blog', 'shop');
    });
    it.each<[string, () => string]>([
      ['two dumps', () => blog + shop],
      ['one within a transaction', () => `SET autocommit=0;\n${shop}COMMIT;\n`],
      ['one, and a blank line and a comment', () => `${shop}\n-- made by cron\n`],
      ['one of two databases, of which the first is another', () => both],
    ])('%s are restored', async (_, text) => {
      const came = await tried(text());
      expect(came, JSON.stringify(came)).toMatchObject({ is: 'restored', usable: { verdict: 'pass' } });
      if (came.is !== 'restored') return;
      expect(came.restored.said.madeAt).toMatch(/^20\d\d-\d\d-\d\d /);
      expect(came.restored.said.database).toBe('shop');
      expect(came.restored.facts).toMatchObject({ databases: expect.arrayContaining(['shop']) });
    });
    /** Between two statements, where nothing but its end is missing. */
    const brokenOff = (text: string): string => text.slice(0, text.lastIndexOf('\n--', text.length - 2) + 1);
    it.each<[string, () => string]>([
      ['the first of two broke off', () => brokenOff(blog) + shop],
      ['the last of two broke off', () => blog + brokenOff(shop)],
      [
        'rows come behind its end',
        () => `${shop}INSERT INTO shop.orders (id, placed) VALUES (501, NOW());\n`,
      ],
    ])('is cut off where %s', async (_, text) => {
      expect(await whyOf(text())).toMatch(/it is cut off/);
    });
    it('is passed over where it is of other databases alone', async () => {
      expect(await tried(blog)).toMatchObject({
        is: 'other',
        why: 'it is a dump of database blog, and not of shop',
      });
      expect(await usableOf(good())).toMatchObject({ verdict: 'pass' });
    });
  });
}
