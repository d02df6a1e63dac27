import type { Readable } from 'node:stream';
import { environmentError } from '../../core/errors.ts';
import { digestOf } from '../../core/ledger.ts';
import type { ExistingRestorer } from '../../core/existing.ts';
import type { Database } from './database.ts';

const first = /^-- memory dump of (\S+)\n/;
const last = '-- end';

/** A dump in lines: what it is of, a row each as `table id value`, and `-- end`. */
export const existingDumps = (database: Database): ExistingRestorer => ({
  recognise: (head, declared) => {
    const of = first.exec(head.toString('utf8'))?.[1];
    if (of === undefined) return { is: 'broken', why: 'it is no memory dump' };
    if (declared.database !== undefined && declared.database !== of)
      return { is: 'other', why: `it is a dump of ${of}, and not of ${declared.database}` };
    return { is: 'ours', format: 'lines', said: { tool: null, server: null, database: of, madeAt: null } };
  },
  empty: async () => {
    const removed = [...database.tables.keys()];
    database.wipe();
    await database.start();
    return { removed };
  },
  restore: async (content, recognised) => {
    const [, ...lines] = (await textOf(content)).trimEnd().split('\n');
    if (lines.pop() !== last)
      throw environmentError('it is cut off', { found: 'its last line', expected: last });
    for (const line of lines) {
      const [, table, id, value] = /^(\S+) (\d+) (.*)$/.exec(line)!;
      database.apply(table!, [[Number(id), value!]]);
    }
    return { said: recognised.said, whole: true, facts: { rows: lines.length } };
  },
  usable: async () =>
    database.tables.size > 0
      ? { verdict: 'pass', detail: `${database.tables.size} tables are there`, facts: null }
      : { verdict: 'fail', detail: 'not one table is there', facts: null },
  value: async (query) => {
    const [table = '', id] = query.split('.');
    return database.rowOf(database.tableToRead(table), Number(id));
  },
  newestIn: (table, id) => `${table}.${id}`,
  count: async (of) => database.tables.get(of)?.rows.size ?? null,
  objects: async (kind) => (kind === 'tables' ? [...database.tables.keys()] : []),
  accountsBefore: () => [],
  fingerprint: async () => ({
    data: Object.fromEntries(
      [...database.tables].map(([name, { rows }]) => {
        const text = JSON.stringify([...rows].map(([id, { value }]) => [id, value]).sort());
        return [name, { rows: rows.size, digest: String(digestOf(text).low) }];
      }),
    ),
    definitions: {},
  }),
});

async function textOf(content: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}
