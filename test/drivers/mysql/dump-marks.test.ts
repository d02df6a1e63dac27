import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DumpMarks, isEnd } from '../../../drivers/mysql/existing/marks.ts';

const head =
  '-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n--\n-- Host: localhost    Database: shop\n';
const rows = "INSERT INTO `a` VALUES (1,'x'),\n(2,'-- MySQL dump 1\\n-- Dump completed');\n";
const end = '-- Dump completed on 2026-11-28 10:00:00\n';
const good = `${head}${rows}\n${end}`;

/** As it comes in pieces of that many bytes. */
const marksOf = (text: string, size = text.length): DumpMarks => {
  const marks = new DumpMarks();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += Math.max(1, size))
    marks.see(bytes.subarray(at, at + Math.max(1, size)));
  return marks;
};

describe('what a dump says of its beginning and its end, as it goes by', () => {
  it.each<[string, string, boolean]>([
    ['a whole one', good, false],
    ['two in one', good + good, false],
    ['one of MariaDB behind a line of its own', `/*M!999999 */\n${good.replace('MySQL', 'MariaDB')}`, false],
    ['one within a transaction', `SET autocommit=0;\n${good}COMMIT;\n`, false],
    ['without its end', head + rows, true],
    ['two, of which the first broke off', head + rows + good, true],
    ['two, of which the last broke off', good + head + rows, true],
    ['what is no dump', rows, false],
    ['nothing', '', false],
  ])('%s', (_, text, isCutOff) => {
    expect(marksOf(text).isCutOff()).toBe(isCutOff);
    expect(marksOf(text, 64).isCutOff()).toBe(isCutOff);
  });

  it('says the same in whatever pieces it comes', () => {
    const texts = fc
      .array(fc.constantFrom(head, rows, end, '\n', '\n-- ', '-- Current Database: `mysql`\n'), {
        maxLength: 8,
      })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 200 }), (text, size) => {
        const [one, other] = [marksOf(text), marksOf(text, size)];
        expect(other.isCutOff()).toBe(one.isCutOff());
        const { begun, endAt, bringsAccounts } = one;
        expect(other).toMatchObject({ begun, endAt, bringsAccounts });
        const lines = text.split('\n');
        const last = lines.findLastIndex((line) => line.startsWith('-- Dump completed'));
        expect(endAt).toBe(last < 0 ? null : lines.slice(0, last).join('\n').length + (last > 0 ? 1 : 0));
      }),
      { numRuns: 300 },
    );
  });

  it('knows the rows of accounts from a table of that name elsewhere', () => {
    const table = (database: string): string =>
      `${head}-- Current Database: \`${database}\`\n--\n-- Dumping data for table \`user\`\n${end}`;
    const brings = (text: string): boolean => {
      const marks = marksOf(text);
      marks.isCutOff();
      return marks.bringsAccounts;
    };
    expect(brings(table('mysql'))).toBe(true);
    expect(brings(table('mysql').replace('`user`', '`global_priv`'))).toBe(true);
    expect(brings(table('shop'))).toBe(false);
    expect(brings(good)).toBe(false);
  });
});

describe('what follows an end mark', () => {
  it.each([
    '',
    '\n',
    '-- by cron\n',
    '# by cron\n',
    'COMMIT;\n',
    'commit;',
    'SET autocommit=1;\nUNLOCK TABLES;\n',
  ])('may be %j', (text) => expect(isEnd(end + text)).toBe(true));
  it.each([
    'INSERT INTO a VALUES (1);\n',
    'COMMIT; DROP TABLE a;\n',
    'SET autocommit=',
    'DELIMITER ;;\n',
    '/*\n',
  ])('may not be %j', (text) => expect(isEnd(end + text)).toBe(false));
  it('is whole itself', () => {
    expect(isEnd('-- Dump completed on 2026-11-28 10:0')).toBe(false);
    expect(isEnd('-- Dump comp\n')).toBe(false);
  });
});
