import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Store, Repository } from '../../core/store.ts';
import { directory } from '../../stores/directory.ts';
import { currentOwner, ownerIsGone } from '../../stack/owner.ts';
import { Nth } from './faulty.ts';
import { backUp, consistency, cut, spec, workbench, type Workbench } from './workbench.ts';
import { everything } from '../support/tier.ts';

const files = {
  'a.sql': Buffer.from('CREATE TABLE a (id INT);\n'.repeat(20_000)),
  'b.sql': Buffer.from('b'.repeat(500)),
};
const owner = { owner: currentOwner(), isGone: ownerIsGone };
const nothing = (): never => {
  throw new Error('a directory needs no service and no secret');
};
const given = (name: string) => ({ name, config: {}, service: nothing, secret: nothing });
const moments = ['before', 'during', 'after'] as const;

/**
 * What must hold after any accident, seen with undamaged stores: a point that is visible in one store can be
 * fetched whole from every copy. Gives the points visible in each.
 */
async function noHalfPoint(bench: Workbench, accident: string): Promise<Record<string, string[]>> {
  const { repository, stores } = await bench.reopened();
  const visible: Record<string, string[]> = {};
  for (const store of stores.keys()) {
    const found = await repository.points('mysql', 'dump', store);
    visible[store] = found.map(({ id }) => id);
    for (const made of found) {
      for (const copy of made.copies) {
        const artifact = await repository
          .fetch(made, copy, await bench.fetchContext())
          .catch((error: unknown) => {
            throw new Error(`${accident}: visible in ${store}, but not to be had from ${copy}`, {
              cause: error,
            });
          });
        for (const file of artifact.files)
          expect((await readFile(file.path)).equals(files[file.name as keyof typeof files]), accident).toBe(
            true,
          );
      }
    }
  }
  return visible;
}

const keysOf = async (stores: Map<string, Store>): Promise<string[]> =>
  (await Promise.all([...stores.values()].map((store) => store.list('')))).flat().map(({ key }) => key);

describe('a backup whose nth call to a store fails', () => {
  test.each(moments)('%s it did anything, for every n', async (when) => {
    let struck = 0;
    for (let n = 1; ; n += 1) {
      const nth = new Nth(n, when);
      await using bench = await workbench(nth.wrap);
      const done = await backUp(bench.repository, files).then(
        () => true,
        () => false,
      );
      const visible = await noHalfPoint(bench, `call ${n}, ${nth.failed}`);
      if (nth.failed === null) {
        expect(done).toBe(true);
        expect(visible).toEqual({ one: [expect.any(String)], two: visible['one'] });
        break;
      }
      struck += 1;
      expect(done, nth.failed).toBe(false);
      expect(visible, nth.failed).toEqual({ one: [], two: [] });
      expect(await keysOf((await bench.reopened()).stores), nth.failed).toEqual([]);
    }
    // Two files, `prepared` and the point itself, in two stores.
    expect(struck).toBe(8);
  });

  test.each(moments)('%s, and then a call of the cleaning up too', { timeout: 120_000 }, async (when) => {
    let struck = 0;
    // Each call is struck alone, above; of two at once `npm test` takes those of every third.
    for (let n = 1; n <= 8; n += everything ? 1 : 3) {
      for (let m = n + 1; ; m += 1) {
        const [first, second] = [new Nth(n, 'after'), new Nth(m, when)];
        await using bench = await workbench((store, name) => second.wrap(first.wrap(store, name), name));
        await backUp(bench.repository, files).catch(() => {});
        await noHalfPoint(bench, `${first.failed}, then ${second.failed}`);
        if (second.failed === null) break;
        struck += 1;
      }
    }
    expect(struck).toBeGreaterThan(everything ? 40 : 12);
  });
});

// The last write: `point.json` is in both stores, but one was reported as failed, and cannot be removed at
// first.
test.each([9, 10])(
  'a point that is visible and not wanted is never left without its files (removal %i fails)',
  async (m) => {
    let struck = 0;
    for (let k = m + 1; ; k += 1) {
      const [first, second, gone] = [new Nth(8, 'after'), new Nth(m, 'before'), new Nth(k, 'before', true)];
      await using bench = await workbench((store, name) =>
        gone.wrap(second.wrap(first.wrap(store, name), name), name),
      );
      await backUp(bench.repository, files).catch(() => {});
      await noHalfPoint(bench, `${first.failed}, ${second.failed}, then all calls from ${k}`);
      if (gone.failed === null) break;
      struck += 1;
    }
    expect(struck).toBeGreaterThan(8);
  },
);

describe('when Muster dies', () => {
  /** The moment of death: a write that neither ends nor fails. */
  const dyingAt =
    (key: RegExp, death: () => void) =>
    (store: Store, name: string): Store => ({
      ...store,
      write: (at, body, options) => {
        if (name !== 'two' || !key.test(at)) return store.write(at, body, options);
        death();
        return new Promise(() => {});
      },
    });

  async function died(key: RegExp): Promise<{ bench: Workbench; oneHolds: () => Promise<string[]> }> {
    const dead = Promise.withResolvers<void>();
    const bench = await workbench(dyingAt(key, dead.resolve));
    const point = await bench.repository.begin(spec);
    void (async () => {
      for (const [name, bytes] of Object.entries(files)) await point.put(name, Readable.from(cut(bytes)));
      await point.commit(consistency);
    })().catch(() => {});
    await dead.promise;
    return {
      bench,
      oneHolds: async () =>
        (await (await bench.reopened()).stores.get('one')!.list('')).map(
          ({ key: at }) => at.split('/').at(-1)!,
        ),
    };
  }

  test('with `point.json` in one store only, the other store has everything else, and does not claim the point', async () => {
    const { bench, oneHolds } = await died(/point\.json$/);
    await using _ = bench;
    await expect.poll(oneHolds).toContain('point.json');
    const visible = await noHalfPoint(bench, 'died between two copies of it');
    expect(visible).toEqual({ one: [expect.any(String)], two: [] });
  });

  test('with a copy not even prepared, no store claims the point', async () => {
    const { bench, oneHolds } = await died(/point\.prepared$/);
    await using _ = bench;
    await expect.poll(oneHolds).toContain('point.prepared');
    expect(await noHalfPoint(bench, 'died while preparing')).toEqual({ one: [], two: [] });
  });

  test('by kill -9, ten times, no half point is visible', { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-killed-'));
    await using bench = await workbench();
    let acknowledged = 0;
    try {
      for (let kill = 0; kill < 10; kill += 1) {
        const child = spawn(process.execPath, [join(import.meta.dirname, 'backing-up.ts'), bench.folder], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        // Killed after some backups, and a part of the next that differs each time.
        let seen = 0;
        for await (const line of createInterface({ input: child.stdout })) {
          if (line.startsWith('durable')) {
            acknowledged += 1;
            seen += 1;
          }
          if (seen > kill % 3 && line === `step ${kill % 5}`) child.kill('SIGKILL');
        }
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        expect(child.signalCode).toBe('SIGKILL');
      }
      const visible = await noHalfPoint(bench, 'kill -9');
      for (const store of ['one', 'two']) expect(visible[store]!.length).toBeGreaterThanOrEqual(acknowledged);
      expect(acknowledged).toBeGreaterThanOrEqual(10);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('by kill -9 in the middle of a backup, the next opening leaves nothing unfinished, and all that is whole', {
    timeout: 120_000,
  }, async () => {
    await using bench = await workbench();
    const left = new Set<string>();
    const durable: string[] = [];
    for (let kill = 0; kill < 8; kill += 1) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'backing-up.ts'), bench.folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        if (line.startsWith('durable')) {
          durable.push(line.split(' ')[1]!);
          seen += 1;
        }
        if (seen > 0 && line === `step ${kill}`) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      for (const store of ['one', 'two']) {
        const root = join(bench.folder, store);
        for (const name of await readdir(join(root, '.partial')))
          left.add(name.replace(/^.*?(?=\.point|@)/, '').replace(/@.*/, ''));
        await directory.open({ ...given(store), folder: bench.folder, owner });
        expect(await readdir(join(root, '.partial')), `${store}, killed at ${kill}`).toEqual([]);
        const points = join(root, 'points/mysql/dump');
        for (const id of await readdir(points))
          expect(await readdir(join(points, id)), `${store}, killed at ${kill}`).toContain('point.prepared');
      }
    }
    expect(left, 'there was something to remove').toContain('.point');
    const visible = await noHalfPoint(bench, 'kill -9');
    for (const store of ['one', 'two']) expect(visible[store]).toEqual(expect.arrayContaining(durable));
  });

  test('by kill -9 in the middle of a prune, eight times, no half point is visible, and the next prune leaves nothing of what it removes', {
    timeout: 120_000,
  }, async () => {
    await using bench = await workbench();
    for (let kill = 0; kill < 8; kill += 1) {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'backing-up.ts'), bench.folder, String(kill)],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
      await once(child, 'exit');
      expect(child.signalCode).toBe('SIGKILL');
      await noHalfPoint(bench, `killed at removal ${kill}`);
    }
    const { repository, stores } = await bench.reopened();
    const { kept } = await repository.prune(spec, { points: 1 }, async () => undefined);
    expect(kept).toBe(1);
    const [newest] = await repository.points('mysql', 'dump', 'one');
    expect(new Set((await keysOf(stores)).map((at) => at.split('/')[3]))).toEqual(new Set([newest!.id]));
  });
});

test('a backup that is abandoned, and a fetch that is stopped, at any moment bring nothing else down', async () => {
  await using bench = await workbench();
  const large = Buffer.from('INSERT INTO a VALUES (1);\n'.repeat(200_000));
  for (let pieces = 0; pieces < 80; pieces += 8) {
    const point = await bench.repository.begin(spec);
    let given = 0;
    const put = point.put(
      'a.sql',
      Readable.from(
        (async function* () {
          for (const piece of cut(large)) {
            if (given++ === pieces) void point.abort();
            await new Promise(setImmediate);
            yield piece;
          }
        })(),
      ),
    );
    await expect(put).rejects.toThrow(/abandoned/);
    await point.abort();
  }
  expect(await keysOf(bench.stores)).toEqual([]);
  const made = await backUp(bench.repository, { 'a.sql': large });
  for (let bytes = 0; bytes < large.length; bytes += 500_000) await stoppedAfter(bench.repository, bytes);
  async function stoppedAfter(repository: Repository, bytes: number): Promise<void> {
    const stop = new AbortController();
    const context = await bench.fetchContext();
    const stopping = {
      ...context,
      signal: stop.signal,
      progress: (done: number) => {
        if (context.stages.includes('decrypt') && done > bytes) stop.abort(new Error('told to stop'));
      },
    };
    await expect(repository.fetch(made, 'one', stopping)).rejects.toThrow();
    expect((await readdir(context.folder)).filter((name) => name.startsWith('.fetched'))).toEqual([]);
  }
});
