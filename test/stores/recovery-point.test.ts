import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../core/clock.ts';
import { MusterError } from '../../core/errors.ts';
import { filesOf, pointSchema } from '../../core/recovery-point.ts';
import { keyIdOf } from '../../stores/cipher.ts';
import { everything, files, points, sql } from './dump-files.ts';
import { backUp, consistency, cut, fetched, key, spec, storedOf, workbench } from './workbench.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('a recovery point', () => {
  test.each([true, false])('comes back as it was, from either copy (encrypted: %j)', async (encrypt) => {
    await using bench = await workbench();
    const made = await backUp(bench.repository, files, { ...spec, encrypt });
    for (const store of ['one', 'two']) {
      const context = await bench.fetchContext();
      const artifact = await bench.repository.fetch(made, store, context);
      expect(artifact).toMatchObject({
        point: made.id,
        method: 'dump',
        position: consistency.position,
        tool: consistency.tool,
        server: consistency.server,
        facts: { tables: 3 },
      });
      expect(artifact.files.map(({ name, bytes }) => [name, bytes])).toEqual(
        Object.entries(files).map(([name, bytes]) => [name, bytes.length]),
      );
      for (const file of artifact.files)
        expect((await readFile(file.path)).equals(files[file.name as keyof typeof files])).toBe(true);
      expect(context.stages).toEqual(['fetch', 'decrypt']);
      expect(context.progressed.at(-1)).toEqual({ done: sql.length + 9, total: sql.length + 9 });
      // What was fetched and not yet decrypted is gone.
      expect((await everything(context.folder)).length).toBe(3);
    }
  });

  test('says what is in it, and where', async () => {
    await using bench = await workbench();
    const point = await bench.repository.begin(spec);
    expect(await point.put('dump.sql', Readable.from(cut(sql)))).toEqual({
      plainBytes: sql.length,
      sha256: sha256(sql),
    });
    const made = await point.commit(consistency);
    expect(made).toMatchObject({
      id: point.id,
      component: 'mysql',
      backup: 'dump',
      method: 'dump',
      drill: 'drill-1',
      provenance: 'drill',
      position: { gtid: 'aaaa:1-7' },
      copies: ['one', 'two'],
      payload: { kind: 'files', compression: 'zstd', encryption: { keyId: keyIdOf(key) } },
    });
    const [file] = filesOf(made);
    for (const store of ['one', 'two']) {
      const text = await readFile(join(bench.folder, store, `points/mysql/dump/${point.id}/point.json`));
      expect(sha256(text)).toBe(made.digest);
      expect(pointSchema.parse(JSON.parse(String(text)))).toEqual(storedOf(made));
      const stored = await readFile(join(bench.folder, store, file!.key));
      expect(file).toMatchObject({
        plainBytes: sql.length,
        plainSha256: sha256(sql),
        storedBytes: stored.length,
        storedSha256: sha256(stored),
      });
      expect(stored.length).toBeLessThan(sql.length / 2);
    }
  });

  test('says when it was taken and durable as absolute times, whatever is done to the clock on the wall', async () => {
    const origin = Date.parse('2026-03-01T10:00:00.000Z');
    let nowMs = 5_000;
    let setMs = 0;
    const clock: Clock = {
      ...systemClock,
      nowMs: () => nowMs,
      utc: () => new Date(origin + nowMs - 5_000 + setMs).toISOString(),
    };
    await using bench = await workbench(undefined, clock);
    for (const wallMs of [0, 3_600_000, -3_600_000]) {
      nowMs += 1_000;
      setMs = wallMs;
      const { takenAt, durableAt } = await backUp(bench.repository, files, spec, nowMs - 5_000 - 300.5);
      expect(Date.parse(durableAt)).toBe(origin + nowMs - 5_000);
      expect(Date.parse(takenAt)).toBe(origin + nowMs - 5_000 - 301);
    }
  });

  test('is a reference alone where its method keeps it, from either copy, and no more once that was changed', async () => {
    await using bench = await workbench();
    const external = { reference: 'slot 7', bytes: 12, sha256: sha256(Buffer.from('theirs')) };
    const plain = { ...spec, encrypt: false };
    const point = await bench.repository.begin(plain);
    const made = await point.commit({ ...consistency, kept: external });
    expect(made.payload).toEqual({ kind: 'external', ...external });
    expect(await points(bench)).toEqual([made]);
    for (const store of ['one', 'two']) {
      const context = await bench.fetchContext();
      expect(await bench.repository.fetch(made, store, context)).toMatchObject({ external, files: [] });
      expect(context.stages).toEqual(['fetch']);
    }
    const other = { ...made, payload: { kind: 'external' as const, ...external, reference: 'slot 8' } };
    await expect(fetched(bench, other, 'one')).rejects.toThrow(/changed after the backup/);
  });

  test.each([
    ['no reference', { reference: '' }],
    ['nothing in it', { bytes: 0 }],
    ['no digest', { sha256: 'none' }],
  ])('is none that its method keeps with %s', async (_what, lacking) => {
    await using bench = await workbench();
    const point = await bench.repository.begin({ ...spec, encrypt: false });
    const kept = { reference: 'slot 7', bytes: 12, sha256: sha256(Buffer.from('theirs')), ...lacking };
    await expect(point.commit({ ...consistency, kept })).rejects.toThrow(/is no backup/);
    await point.abort();
    expect(await points(bench)).toEqual([]);
  });

  test('has one payload, and none that is kept elsewhere and was to be encrypted', async () => {
    await using bench = await workbench();
    const kept = { reference: 'slot 7', bytes: 12, sha256: sha256(Buffer.from('theirs')) };
    const plain = { ...spec, encrypt: false };
    const both = await bench.repository.begin(plain);
    await both.put('dump.sql', Readable.from(cut(sql)));
    await expect(both.commit({ ...consistency, kept })).rejects.toThrow(/two payloads/);
    const encrypted = await bench.repository.begin(spec);
    await expect(encrypted.commit({ ...consistency, kept })).rejects.toThrow(/is to be encrypted/);
    for (const point of [both, encrypted]) await point.abort();
    expect(await points(bench)).toEqual([]);
  });

  test('shows no plain byte and no key in any store', async () => {
    await using bench = await workbench();
    const marker = Buffer.from('a-marker-that-no-store-may-see');
    await backUp(bench.repository, {
      'a.sql': marker,
      'b.sql': Buffer.concat([randomBytes(3_000_000), marker]),
    });
    const log = await bench.repository.followLog({ ...spec, backup: 'binlog' }, () => {});
    await log.append('binlog.000001', 0, marker);
    await log.close();
    const paths = await everything(bench.folder);
    expect(paths.length).toBe(2 * (2 + 2 + 2));
    for (const path of paths) {
      const bytes = await readFile(path);
      for (const secret of [
        marker,
        key,
        Buffer.from(key.toString('hex')),
        Buffer.from(key.toString('base64')),
      ])
        expect(bytes.includes(secret), path).toBe(false);
    }
  });

  test('does not exist before it is committed, nor after it was abandoned', async () => {
    await using bench = await workbench();
    const point = await bench.repository.begin(spec);
    await point.put('dump.sql', Readable.from(cut(sql)));
    expect(await points(bench)).toEqual([]);
    await point.abort();
    expect(await everything(bench.folder)).toEqual([]);
    await expect(point.commit(consistency)).rejects.toThrow(MusterError);
    expect(await points(bench)).toEqual([]);
  });

  test('is not lost when it is abandoned after all', async () => {
    await using bench = await workbench();
    const point = await bench.repository.begin(spec);
    await point.put('dump.sql', Readable.from(cut(sql)));
    const made = await point.commit(consistency);
    await point.abort();
    expect(await points(bench)).toEqual([made]);
  });

  test('is abandoned in the middle of a file at once', async () => {
    await using bench = await workbench();
    const point = await bench.repository.begin(spec);
    const endless = Readable.from(
      (async function* () {
        for (;;) yield randomBytes(100_000);
      })(),
    );
    const put = point.put('dump.sql', endless);
    put.catch(() => {});
    await point.abort();
    await expect(put).rejects.toThrow(/abandoned/);
    expect(endless.destroyed).toBe(true);
    expect(await everything(bench.folder)).toEqual([]);
  });

  test('cannot be completed without a file, with one unfinished, with one that failed, or twice', async () => {
    await using bench = await workbench();
    await expect((await bench.repository.begin(spec)).commit(consistency)).rejects.toMatchObject({
      found: 'no file was put',
    });
    const unfinished = await bench.repository.begin(spec);
    const put = unfinished.put('dump.sql', new Readable({ read: () => {} }));
    put.catch(() => {});
    await expect(unfinished.commit(consistency)).rejects.toMatchObject({
      found: 'still being put: dump.sql',
    });
    const failed = await bench.repository.begin(spec);
    await expect(
      failed.put(
        'dump.sql',
        Readable.from(
          (function* () {
            yield sql;
            throw new Error('mysqldump ended with 2');
          })(),
        ),
      ),
    ).rejects.toThrow('mysqldump ended with 2');
    await expect(failed.commit(consistency)).rejects.toThrow(/takes nothing more/);
    const done = await bench.repository.begin(spec);
    await done.put('dump.sql', Readable.from(cut(sql)));
    await done.commit(consistency);
    await expect(done.commit(consistency)).rejects.toThrow(/takes nothing more/);
    expect((await points(bench)).length).toBe(1);
  });

  test.each(['../../escape', '/etc/cron.d/x', 'a/../../x', ''])('takes no file named %j', async (name) => {
    await using bench = await workbench();
    const point = await bench.repository.begin(spec);
    await expect(point.put(name, Readable.from([sql]))).rejects.toThrow(/is refused/);
  });

  test('may hold a file that is called like itself', async () => {
    await using bench = await workbench();
    const made = await backUp(bench.repository, { 'point.json': Buffer.from('theirs') });
    const artifact = await fetched(bench, made, 'two');
    expect(String(await readFile(artifact.files[0]!.path))).toBe('theirs');
  });

  test('is listed newest first, in its own backup only', async () => {
    await using bench = await workbench();
    const made = [];
    for (const atMs of [5, 1, 9]) {
      const point = await bench.repository.begin(spec);
      await point.put('dump.sql', Readable.from([sql]));
      made.push((await point.commit({ ...consistency, atMs })).id);
    }
    await backUp(bench.repository, files, { ...spec, backup: 'dump-2' });
    expect((await points(bench)).map(({ id }) => id)).toEqual([made[2], made[0], made[1]]);
  });
});
