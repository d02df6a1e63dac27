import { expect, test } from 'vitest';
import {
  inventoryCheck,
  lockedOutcome,
  outcomeOf,
  type Compared,
} from '../../../drivers/sql/check-inventory.ts';
import { compareByName, compareRows, goneOf } from '../../../drivers/sql/inventory-differences.ts';

const compared = (changes: Partial<Compared> = {}): Compared => ({
  differences: [],
  remarks: [],
  untold: [],
  counts: { tables: 2, rows: 9 },
  rowsBefore: 9,
  gone: () => ['TABLE app.t is missing'],
  asBefore: '9 rows of 2 tables',
  ...changes,
});

test('what is as before passes, and says what that rests on and what is worth a remark', () => {
  expect(outcomeOf(compared({ remarks: ['a view was broken before'], facts: { unread: [] } }))).toEqual({
    verdict: 'pass',
    detail: '9 rows of 2 tables are as before. Beside that: a view was broken before',
    facts: { tables: 2, rows: 9, differences: [], remarks: ['a view was broken before'], unread: [] },
  });
});

test('any difference is red, whatever is in doubt, and no more than five are told', () => {
  const differences = ['1', '2', '3', '4', '5', '6', '7'];
  const doubt = () => ({ detail: 'not all could be read' });
  expect(outcomeOf(compared({ differences, since: 'then: ', doubt, rowsBefore: 0 }))).toMatchObject({
    verdict: 'fail',
    gone: ['TABLE app.t is missing'],
    detail: 'then: 1; 2; 3; 4; 5 (and 2 more)',
    facts: { differences },
  });
});

test('what could have missed nothing, or is in doubt, proves nothing', () => {
  expect(outcomeOf(compared({ rowsBefore: 0 }))).toMatchObject({ verdict: 'inconclusive', nothing: true });
  const doubt = (said: string) => ({ detail: `not all could be read${said}` });
  expect(outcomeOf(compared({ doubt, remarks: ['one'] }))).toMatchObject({
    verdict: 'inconclusive',
    detail: 'not all could be read. Beside that: one',
  });
});

test('a table that is not compared and lost its rows is no pass, and is told beside a difference', () => {
  const leftOut = { remarks: ['not compared: a.t'], lost: ['rows of a.t: 5, 0 now'], facts: { 'a.t': 0 } };
  expect(outcomeOf(compared({ leftOut, rowsBefore: 0 }))).toMatchObject({
    verdict: 'inconclusive',
    detail: expect.stringMatching(
      /^rows of a\.t: 5, 0 now\. .*drainedTables\. Beside that: not compared: a\.t$/,
    ) as string,
    facts: { leftOut: { 'a.t': 0 } },
  });
  expect(outcomeOf(compared({ leftOut, rowsBefore: 0 })).nothing).toBeUndefined();
  expect(outcomeOf(compared({ leftOut, differences: ['1'] }))).toMatchObject({
    verdict: 'fail',
    detail: '1. Beside that: not compared: a.t',
  });
});

test('what cannot be told is no pass and no fail, and is said beside a difference', () => {
  const untold = ['role a has its password with another salt'];
  expect(outcomeOf(compared({ untold, remarks: ['one'] }))).toMatchObject({
    verdict: 'inconclusive',
    detail: 'role a has its password with another salt; the rest is as before. Beside that: one',
    facts: { untold },
  });
  expect(outcomeOf(compared({ untold, differences: ['1'] }))).toMatchObject({
    verdict: 'fail',
    detail: '1. Cannot be told: role a has its password with another salt',
  });
});

test('locks that stay are red, and none are no outcome', () => {
  expect(lockedOutcome([])).toBeNull();
  expect(lockedOutcome(['a lock'])).toMatchObject({ verdict: 'fail', gone: ['a lock'] });
});

test('a server that refuses to be read is red, one that is away proves nothing, and neither does no inventory', async () => {
  const check = (error: Error, reach = async (): Promise<void> => undefined) =>
    inventoryCheck<object, object>({
      reach,
      take: async () => ({}),
      lookJustBefore: async () => ({}),
      compare: () => Promise.reject(error),
      serverCode: (one) => /^ER_.*/.exec((one as { code?: string }).code ?? '')?.[0] ?? null,
    });
  const refused = Object.assign(new Error('table is damaged'), { code: 'ER_DAMAGED' });
  expect(await check(refused).after({})).toEqual({
    verdict: 'fail',
    detail: 'the inventory cannot be taken: table is damaged',
    facts: { code: 'ER_DAMAGED' },
  });
  expect(await check(new Error('connection refused')).after({})).toMatchObject({ verdict: 'inconclusive' });
  expect(await check(refused).after(null)).toMatchObject({ verdict: 'inconclusive', facts: null });
  const away = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
  const nobody = await check(refused, away).after({});
  expect(nobody).toMatchObject({ verdict: 'inconclusive', nobody: true });
  // Of a server that is there, and speaks no TLS.
  const plain = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('no TLS'), { code: 'HANDSHAKE_NO_SSL_SUPPORT' }));
  expect(await check(refused, plain).after({})).toMatchObject({ verdict: 'inconclusive' });
  expect(await check(refused, plain).after({})).not.toHaveProperty('nobody');
  const closed = (): Promise<never> => Promise.reject(new Error('Connection terminated unexpectedly'));
  expect(await check(refused, closed).after({})).toHaveProperty('nobody', true);
  const denied = (): Promise<never> => Promise.reject(refused);
  expect(await check(refused, denied).after({})).toMatchObject({ verdict: 'fail' });
});

test('names are compared: what is missing, new, other, the same, and what could not be read', () => {
  const was = { a: '1', b: '1', c: '1', d: '1' };
  const is = { b: '2', c: '1', toString: '1' };
  const other = (a: string, b: string): string | null => (a === b ? null : `${b}, was ${a}`);
  expect(compareByName('setting', was, is, other, new Set(['setting d']))).toEqual([
    'setting a is missing',
    'setting b: 2, was 1',
    'setting toString was not there before',
  ]);
});

test('a table that is missing and a schema that is empty are of no use; one that does not count is none', () => {
  const before = {
    definitions: { 'TABLE a.t': '1', 'VIEW a.v': '1' },
    tables: { 'a.t': { rows: 2 }, 'b.t': { rows: 2 }, 'c.t': { rows: 2 }, 'd.t': { rows: 0 } },
    leftOut: { 'a.l': 4, 'e.l': 4, 'f.l': 4 },
  };
  const now = {
    definitions: {},
    tables: { 'a.t': { rows: 1 }, 'b.t': { rows: 0 }, 'c.t': { rows: 0 }, 'd.t': { rows: 0 } },
    leftOut: { 'a.l': 0, 'e.l': 0, 'f.l': 1 },
  };
  const schemaOf = (table: string): string | null => (table === 'c.t' ? null : table.split('.')[0]!);
  expect(goneOf(before, now, schemaOf)).toEqual([
    'TABLE a.t is missing',
    'every table of e is empty',
    'every table of b is empty',
  ]);
  expect(goneOf(before, before, schemaOf)).toEqual([]);
});

test('rows are compared: fewer, others, the same, and such as nothing keeps over a start', () => {
  const was = { 'a.t': { rows: 2, sum: '7' }, 'a.m': { rows: 1, sum: '1' } };
  const found = (is: typeof was, memory: string[] = []) => {
    const remarks: string[] = [];
    type Rows = (typeof was)['a.t'];
    const same = (a: Rows, b: Rows): boolean => a.sum === b.sum;
    const keepsNothing = (table: string): string | null => (memory.includes(table) ? 'in memory' : null);
    return { differences: compareRows(was, is, { same, keepsNothing }, remarks), remarks };
  };
  expect(found(was)).toEqual({ differences: [], remarks: [] });
  expect(found({ 'a.t': { rows: 2, sum: '8' }, 'a.m': { rows: 0, sum: '0' } })).toEqual({
    differences: ['rows of a.t: 2 rows, and not all as before', 'rows of a.m: 0 rows, 1 before'],
    remarks: [],
  });
  expect(found({ ...was, 'a.m': { rows: 0, sum: '0' } }, ['a.m'])).toEqual({
    differences: [],
    remarks: ['rows of a.m: 0 rows, 1 before; in memory'],
  });
  expect(found({ ...was, 'a.m': { rows: 1, sum: '2' } }, ['a.m']).differences, 'from somewhere').toHaveLength(
    1,
  );
});
