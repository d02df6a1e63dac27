import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { DataClient } from '../../core/workload.ts';
import { dataOperations } from '../../engine/load.ts';

const groupSize = 4;

/** A store of one process, and which of its records were changed again. */
function storeOf() {
  const rows = new Map<number, string>();
  const changed: number[] = [];
  let removals = 0;
  const client: DataClient = {
    write: async (ids, values) => {
      for (const [at, id] of ids.entries()) {
        if (ids.length === 1) changed.push(id);
        rows.set(id, values[at]!);
      }
    },
    read: async (id) => rows.get(id) ?? null,
    remove: async (id) => {
      changed.push(id);
      removals += 1;
      rows.delete(id);
    },
    close: async () => undefined,
  };
  return { rows, changed, removed: () => removals, client };
}

const loadOf = (client: DataClient, removals?: number) =>
  dataOperations(
    client,
    { groupSize, ...(removals === undefined ? {} : { removals }) },
    {
      clock: systemClock,
      seed: 7,
      ratePerSecond: 1,
      recorder: { record: () => undefined },
      seen: () => undefined,
    },
  );
const times = async (count: number, work: () => Promise<void>): Promise<void> => {
  for (let at = 0; at < count; at += 1) await work();
};

describe('a load of records', () => {
  test('changes records again, and removes some', async () => {
    const { changed, client } = storeOf();
    await times(2_000, loadOf(client).operate);
    expect(changed.length).toBeGreaterThan(60);
  });

  test('removes as many as the workload says', async () => {
    const { removed, client } = storeOf();
    await times(2_000, loadOf(client).operate);
    const few = removed();
    await times(2_000, loadOf(client, 0.25).operate);
    expect(few).toBeLessThan(80);
    expect(removed() - few).toBeGreaterThan(300);
  });

  test('leaves as they are those that were there when something was broken, and goes on with others', async () => {
    const { rows, changed, client } = storeOf();
    const { operate, leaveAsTheyAre } = loadOf(client);
    await times(2_000, operate);
    const there = [...rows.keys()];
    const lost = there.filter((id) => id % 97 === 0);
    leaveAsTheyAre();
    for (const id of lost) rows.delete(id);
    changed.length = 0;
    await times(2_000, operate);
    expect(changed.length).toBeGreaterThan(20);
    expect(Math.min(...changed)).toBeGreaterThan(Math.max(...there));
    expect(
      lost.filter((id) => rows.has(id)),
      'a lost record that is there again',
    ).toEqual([]);
  });

  test('changes nothing while changes are held, once those under way have ended', async () => {
    const { changed, client } = storeOf();
    let end: (() => void) | null = null;
    const slow: DataClient = {
      ...client,
      remove: (id) =>
        new Promise((resolve) => {
          end = () => resolve(client.remove(id));
        }),
    };
    const { operate, holdChanges, changesUnderWay, leaveAsTheyAre } = loadOf(slow);
    for (let at = 0; at < 2_000 && !end; at += 1) await Promise.race([operate(), setImmediate(null)]);
    let isHeld = false;
    const held = holdChanges().then(() => void (isHeld = true));
    await setImmediate(null);
    expect([isHeld, changesUnderWay()], 'with a removal under way').toEqual([false, 1]);
    end!();
    await held;
    expect(changesUnderWay()).toBe(0);
    const { length } = changed;
    await times(500, operate);
    expect(changed.slice(length)).toEqual([]);
    leaveAsTheyAre();
    const from = Math.max(...changed);
    changed.length = 0;
    end = null;
    for (let at = 0; at < 2_000 && !end; at += 1) await Promise.race([operate(), setImmediate(null)]);
    expect(changed.length, 'those that are written from then on').toBeGreaterThan(0);
    expect(Math.min(...changed)).toBeGreaterThan(from);
  });

  test('asks for what is there where nothing may be changed yet', async () => {
    const { changed, client } = storeOf();
    const { operate, leaveAsTheyAre } = loadOf(client);
    await times(500, operate);
    changed.length = 0;
    await times(100, async () => {
      leaveAsTheyAre();
      await operate();
    });
    expect(changed).toEqual([]);
  });
});
