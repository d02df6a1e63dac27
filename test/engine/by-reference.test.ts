import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { pointSchema } from '../../core/recovery-point.ts';
import { eventsOf, type EventData } from '../../core/timeline.ts';
import { agreementDamage } from '../../evidence/agreement.ts';
import { judgeBundle } from '../../evidence/bundle.ts';
import { planDrill } from '../../engine/plan.ts';
import {
  drillFile,
  drillInMemory,
  memoryFiles,
  noStacks,
  type MemoryDrill,
  storesIn,
} from '../support/memory-drill.ts';
import { pointsIn } from '../support/stored-points.ts';
import { scratch } from '../support/scratch.ts';
import { dataIn, eventsIn } from '../support/recorded.ts';

const backup = { method: 'kept', encrypt: 'none' };
const kept = (become: string): MemoryDrill => ({ backup, config: `{ bad: { kept: ${become} } }` });

describe('a backup that its method keeps by itself', () => {
  it('is recorded by its reference, restored by it, and the report says what is not known', async () => {
    const { folder, result } = await drillInMemory({ backup, keepStack: true });
    expect(result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(result.exitCode).toBe(0);
    const [durable] = dataIn(folder, 'backup.durable');
    expect(durable).toMatchObject({ payload: 'external', storedBytes: null, copies: ['a', 'b'] });
    expect(durable!.plainBytes).toBeGreaterThan(100);
    for (const store of ['a', 'b']) {
      const stored = pointsIn(folder, store).find(({ id }) => id === durable!.point)!;
      expect(pointSchema.parse(stored)).toMatchObject({
        payload: { kind: 'external', reference: 'copy 1', bytes: durable!.plainBytes },
      });
    }
    expect(result.findings.find(({ id }) => id.startsWith('copies/restored/'))!.detail).toMatch(
      /in no store/,
    );
    expect(result.limitations.filter((one) => /kept by its own method/.test(one))).toHaveLength(1);
    expect(judgeBundle(folder, registries).result).toEqual(result);
  });

  it.each([
    ['is another by then', 'altered', /copy \d+ is not what recovery point .* was/],
    ['is gone by then', 'gone', /the database keeps no copy \d+/],
  ])('is not restored where what it kept %s', async (_what, become, error) => {
    const { folder, result } = await drillInMemory(kept(become));
    expect(result.exitCode).toBe(1);
    expect(dataIn(folder, 'step.ended')).toMatchObject([
      { ok: false, error: expect.stringMatching(error) as string },
    ]);
  });

  it('is no recovery point where there is nothing in it', async () => {
    const { folder, result } = await drillInMemory(kept('empty'));
    expect(result.exitCode).not.toBe(0);
    expect(dataIn(folder, 'backup.durable')).toEqual([]);
    expect(dataIn(folder, 'backup.failed')[0]!.error).toMatch(/is no backup/);
  });

  it('is no recovery point where the method had not declared it', async () => {
    const { memory } = registries.drivers;
    const { payload: _, ...undeclared } = memory!.backups['kept']!;
    const drivers = {
      ...registries.drivers,
      memory: { ...memory!, backups: { ...memory!.backups, kept: undeclared } },
    };
    const { folder, result } = await drillInMemory({ backup, registries: { ...registries, drivers } });
    expect(result.exitCode).not.toBe(0);
    expect(dataIn(folder, 'backup.durable')).toEqual([]);
    expect(dataIn(folder, 'backup.failed')[0]!.error).toMatch(/was not taken as its method declares/);
  });

  it.each<[string, (data: EventData['backup.durable']) => unknown, RegExp]>([
    ['its payload was files', (data) => (data.payload = 'files'), /says that its payload is files/],
    ['something of it was stored', (data) => (data.storedBytes = 7), /differ on what was stored/],
  ])('is damaged evidence where an event says that %s', async (_what, alter, damage) => {
    const { folder } = await drillInMemory({ backup });
    const events = eventsIn(folder);
    expect(agreementDamage(events, registries)).toBeNull();
    alter(eventsOf(events, 'backup.durable')[0]!.data);
    expect(agreementDamage(events, registries)).toMatch(damage);
  });

  it('is nothing that a fault of a store can damage', async () => {
    const { folder, result } = await drillInMemory({
      backup,
      scenario: { fault: '[{ wipe-volume: store, at: worst }, { object-deleted: b, at: restore.begun }]' },
    });
    expect(result.exitCode).not.toBe(0);
    expect(dataIn(folder, 'fault.failed')).toMatchObject([
      { fault: 'object-deleted', error: expect.stringMatching(/no file in any store/) as string },
    ]);
  });
});

describe('what plan refuses of a backup that its method keeps by itself', () => {
  it.each<[string, MemoryDrill, RegExp]>([
    ['to encrypt it', { backup: { ...backup, encrypt: 'aes-256' } }, /Muster does not encrypt them/],
    ['to remove old ones', { backup: { ...backup, keep: '{ points: 2 }' } }, /Muster does not remove them/],
    [
      'to strike while it is uploaded',
      { backup, scenario: { fault: '{ wipe-volume: store, at: backup.uploading }' } },
      /nothing is uploaded here/,
    ],
  ])('%s', async (_what, drill, reason) => {
    await expect(planDrill(memoryFiles(drill).file, registries, noStacks)).rejects.toThrow(reason);
  });

  it('nothing, where it is as it can be', async () => {
    await planDrill(memoryFiles({ backup }).file, registries, noStacks);
    const { file } = memoryFiles({ scenario: { fault: '{ wipe-volume: store, at: backup.uploading }' } });
    await planDrill(file, registries, noStacks);
  });
});

it('a recovery point is restored by no other method than made it', async () => {
  const shared = mkdtempSync(join(scratch, 'shared-'));
  const stores = storesIn(shared);
  const first: MemoryDrill = { stores, backup: { encrypt: 'none' } };
  const before = await drillFile(memoryFiles(first), first);
  expect(before.result.exitCode).toBe(0);
  const component = dataIn(before.folder, 'schedule.begun')[0]!.backup.split('.')[0]!;
  const recover = '[{ restore: store, from: b, existing: true }]';
  const again = async (change: MemoryDrill) => {
    const drill = { stores, scenario: { recover }, ...change };
    return (await drillFile(memoryFiles(drill, component), drill)).folder;
  };
  expect(dataIn(await again({ backup: { encrypt: 'none' } }), 'step.ended')).toMatchObject([{ ok: true }]);
  const by = await again({ backup });
  expect(dataIn(by, 'copy.refused')).toMatchObject([
    { error: expect.stringMatching(/was not made by kept/) as string },
  ]);
  expect(dataIn(by, 'step.ended')).toMatchObject([{ ok: false }]);
  rmSync(shared, { recursive: true, force: true });
});
