import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Row } from '../../drivers/memory/database.ts';
import type { Attached } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import { databaseOf } from '../../drivers/memory/attach.ts';
import memory from '../../drivers/memory/index.ts';
import { createReceiver, recordingContext, takeBackup } from '../suites/artifact.ts';
import { driverConformance } from '../suites/driver-conformance.ts';
import { rigOf } from '../suites/suite.ts';
import { readAll } from '../suites/workload-history.ts';
import { suffer } from '../support/suffer.ts';

/** A memory database has no container: whatever touches one is a mistake. */
const noService = new Proxy({} as Service, {
  get: (_, name) => {
    throw new Error(`the memory driver used service.${String(name)}`);
  },
});

const attach = (component: string, config: Record<string, unknown> = {}): Promise<Attached> =>
  memory.attach({
    component,
    service: noService,
    config: memory.config.parse(config),
    clients: () => {
      throw new Error('no endpoint');
    },
    peer: () => noService,
    clock: systemClock,
    seed: 1,
    secret: () => '',
    note: () => undefined,
    scratch: tmpdir,
    beganWith: () => undefined,
  });

/** Rows that a check is to miss, by table. */
const takenAway = new Map<string, Map<number, Row>>();

driverConformance({
  name: 'memory',
  driver: memory,
  durable: true,
  triesGeneric: true,
  table: 'accounts',
  setup: async () => {
    const attached = await attach('memory');
    const inert = await attach('inert', { bad: { faults: 'nothing' } });
    await attached.actions['seed']!({});
    await inert.actions['seed']!({});
    return rigOf(attached, inert);
  },
  mend: async ({ attached }) => {
    await expect.poll(() => attached.ready()).toBe(true);
    await attached.actions['seed']!({});
  },
  checks: {
    rows: {
      prepare: async ({ attached }) => {
        await attached.actions['seed']!({});
      },
      spoil: async () => {
        for (const [name, table] of databaseOf('memory')!.tables) {
          takenAway.set(name, new Map(table.rows));
          table.rows.clear();
        }
      },
      mend: async () => {
        for (const [name, rows] of takenAway)
          for (const [id, row] of rows) databaseOf('memory')!.tables.get(name)!.rows.set(id, row);
      },
    },
    inventory: {
      spoil: async ({ attached }) => {
        await attached.actions['clear']!({ table: 'accounts' });
      },
    },
  },
  actions: {
    seed: {
      params: { table: 'new', rows: 3 },
      seen: async () => databaseOf('memory')!.tables.get('new') ?? null,
    },
    clear: {
      prepare: async ({ attached }) => {
        await attached.actions['seed']!({});
      },
      params: { table: 'accounts' },
      seen: async () => (databaseOf('memory')!.tables.get('accounts')!.rows.size === 0 ? 'empty' : null),
    },
  },
});

describe('a memory database made known-bad', () => {
  const data = (attached: Attached) => {
    if (attached.workload?.kind !== 'data') throw new Error('not a data workload');
    return attached.workload;
  };
  const fill = async (attached: Attached, ids: number): Promise<void> => {
    const client = await data(attached).open();
    for (let id = 0; id < ids; id += 4)
      await client.write([id, id + 1, id + 2, id + 3], ['a', 'b', 'c', 'd']);
  };

  test.for([
    { of: 'groups', missing: [0, 1, 2, 3, 12, 13, 14, 15] },
    { of: 'ids', missing: [0, 3, 6, 9, 12, 15] },
  ])('its copies omit %s without a word', async ({ of, missing }) => {
    const attached = await attach(`omit-${of}`, { bad: { omit: { every: 3, of } } });
    await fill(attached, 16);
    const receiver = await createReceiver();
    const consistency = await takeBackup(attached.backups['copy']!, receiver, {});
    await attached.backups['copy']!.restore!(receiver.artifact('copy', consistency), recordingContext());
    const read = await readAll(data(attached));
    expect(Array.from({ length: 16 }, (_, id) => id).filter((id) => !read.has(id))).toEqual(missing);
    await receiver.remove();
    await attached.close();
  });

  test('it forgets acknowledged writes in a crash', async () => {
    const attached = await attach('forgets', { restartAfterMs: 0, bad: { forgetsOnCrash: 2 } });
    await fill(attached, 16);
    await suffer(attached, 'crash');
    expect([...(await readAll(data(attached))).keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    await attached.close();
  });

  test('it cannot be read back', async () => {
    const attached = await attach('unreadable', { bad: { readBack: 'fails' } });
    await fill(attached, 16);
    await expect(readAll(data(attached))).rejects.toThrow('broke off');
    await attached.close();
  });

  test.for([{ undo: 'fails' }, { undo: 'lies' }])('its undo $undo', async ({ undo }) => {
    const attached = await attach(`undo-${undo}`, { bad: { undo } });
    const inflicted = await suffer(attached, 'stop');
    if (undo === 'fails') await expect(inflicted.undo.run()).rejects.toThrow();
    else await inflicted.undo.run();
    expect(await inflicted.undo.healed()).toBe(false);
    await attached.close();
  });

  test('its backups stop after the first', async () => {
    const attached = await attach('stalls', { bad: { stallBackupsAfter: 1 } });
    const receiver = await createReceiver();
    await takeBackup(attached.backups['copy']!, receiver, {});
    await expect(
      attached.backups['copy']!.backup!(receiver, {
        options: {},
        signal: AbortSignal.timeout(200),
        now: () => 0,
      }),
    ).rejects.toThrow();
    await receiver.remove();
    await attached.close();
  });

  test('structured damage is read as if it were right, random damage is not read at all', async () => {
    const attached = await attach('damaged', {});
    await fill(attached, 16);
    const client = await data(attached).open();
    await suffer(attached, 'corrupt-pages', { table: 'records', pages: 1, pattern: 'structured', seed: 1 });
    expect(await client.read(0)).not.toBe('a');
    await suffer(attached, 'corrupt-pages', { table: 'records', pages: 1, pattern: 'random', seed: 2 });
    await expect(client.read(0)).rejects.toThrow('checksum');
    await expect(readAll(data(attached))).rejects.toThrow('checksum');
    await attached.close();
  });
});
