import { appendFileSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Consistency } from '../../core/backup.ts';
import { NoRecoveryPoint } from '../../core/errors.ts';
import { noPoints, rows } from './followed-cases.ts';
import { nextWhile as nextOf, refusal } from '../support/followed.ts';
import { runOwn, type OwnRun } from '../support/own-scripts.ts';

/** More than two looks and what a file needs to settle. */
const soonMs = 4_000;

interface Sidecar extends OwnRun {
  /** Where it leaves its backups. */
  place: string;
}
function following(
  work: (sidecar: Sidecar) => Promise<void>,
  settles = '400ms',
  objects = 'dumps/',
): Promise<void> {
  const produces = `{ objects: '${objects}', in: b, atLeast: 8B }`;
  return runOwn({ follow: `{ settles: ${settles} }`, restore: 'true', produces }, async (own) => {
    const place = join(own.folder, 'stores/b/b', objects);
    mkdirSync(place, { recursive: true });
    await work({ ...own, place });
  });
}
/** As a sidecar that writes elsewhere first and then moves it there. */
function leave(place: string, name: string, content: string | Buffer): void {
  const partial = join(place, '..', `.partial-${name}`);
  writeFileSync(partial, content);
  renameSync(partial, join(place, name));
}
const nextWhile = (own: Sidecar, act: () => Promise<void> | void, withinMs = soonMs): Promise<Consistency> =>
  nextOf(own, act, withinMs);

describe.concurrent('of a sidecar that backs up by its own clock', () => {
  it('what appears is a recovery point, as old as the last look without it', () =>
    following(async (own) => {
      leave(own.place, 'of-before.gz', rows('before'));
      let leftMs = 0;
      const taken = await nextWhile(own, () => {
        leftMs = own.now();
        leave(own.place, 'monday.gz', rows('monday'));
      });
      expect(taken.kept).toMatchObject({ reference: 'dumps/monday.gz' });
      expect(taken.atMs).toBeLessThanOrEqual(leftMs);
      const followed = (taken.facts as { followed: { firstSeenMs: number; wholeMs: number } }).followed;
      expect(followed).toMatchObject({ lastWithoutMs: taken.atMs, settlesMs: 400 });
      expect(followed.wholeMs - followed.firstSeenMs).toBeGreaterThan(400);
      await own.restore(taken);
      const next = await nextWhile(own, () => leave(own.place, 'tuesday.gz', rows('tuesday')));
      expect(next.kept).toMatchObject({ reference: 'dumps/tuesday.gz' });
      expect(next.atMs).toBeGreaterThan(taken.atMs);
    }));

  it('what is written anew under the same name is the next one', () =>
    following(async (own) => {
      await nextWhile(own, () => leave(own.place, 'latest.gz', rows('monday')));
      own.write();
      const next = await nextWhile(own, () => leave(own.place, 'latest.gz', rows('sunday')));
      expect(next.kept).toMatchObject({ reference: 'dumps/latest.gz' });
    }));

  it('what grows is taken when it is whole, and met at its first byte', () =>
    following(async (own) => {
      const whole = rows('slowly');
      const path = join(own.place, 'slow.gz');
      let met = 0;
      const coming = own.next(10_000, { firstByte: async () => void (met += 1) });
      coming.catch(() => undefined);
      await own.looked(1);
      writeFileSync(path, '');
      await own.looked(3);
      expect(met).toBe(0);
      // Left alone for longer than it settles, it is half of an archive, which is no backup yet.
      appendFileSync(path, whole.subarray(0, 20));
      await own.looked(5);
      appendFileSync(path, whole.subarray(20));
      expect((await coming).kept).toMatchObject({ reference: 'dumps/slow.gz', bytes: whole.length });
      expect(met).toBe(1);
    }));

  it('several that come together are one', () =>
    following(async (own) => {
      const taken = await nextWhile(own, () => {
        leave(own.place, 'shop.gz', rows('shop'));
        leave(own.place, 'blog.gz', rows('blog'));
      });
      expect(taken.kept!.reference.split('\n').sort()).toEqual(['dumps/blog.gz', 'dumps/shop.gz']);
    }));
});

describe.concurrent('it is no recovery point where a sidecar', () => {
  it.each(noPoints)('$name', ({ leave: act, reason }) =>
    following(async (own) => {
      expect(await refusal(nextWhile(own, () => act(own.place)))).toMatch(reason);
    }),
  );

  it.each(noPoints.map(({ beside }) => beside))('$name, and that is one', ({ leave: act }) =>
    following(async (own) => {
      expect((await nextWhile(own, () => act(own.place))).kept!.reference).toMatch(/^dumps\/x/);
    }),
  );

  it('leaves nothing in a store in which Muster itself keeps recovery points and logs', () =>
    following(
      async (own) => {
        const put = (path: string, content: string): void => {
          mkdirSync(join(own.place, path, '..'), { recursive: true });
          writeFileSync(join(own.place, path), content);
        };
        const ofMuster = nextWhile(own, () => {
          put('points/shop/dump/p1/files/dump.sql.zst', 'a dump of another component');
          put('points/shop/dump/p1/point.json', '{ "id": "p1" }');
          put('logs/shop/binlog/drill-1/0000000000.zst', 'a part of a log');
        });
        expect(await refusal(ofMuster)).toMatch(/has left nothing new/);
        const taken = await nextWhile(own, () => put('points/shop.sql', 'a dump of its own'));
        expect(taken.kept).toMatchObject({ reference: 'points/shop.sql' });
      },
      '400ms',
      '',
    ));

  it('leaves the same bytes again, packed anew or not, although clients wrote', () =>
    following(async (own) => {
      own.write();
      await nextWhile(own, () => leave(own.place, 'monday.gz', rows('same')));
      own.write();
      expect(await refusal(nextWhile(own, () => leave(own.place, 'tuesday.gz', rows('same'))))).toMatch(
        /left the same as the time before/,
      );
      own.write();
      expect(await refusal(nextWhile(own, () => leave(own.place, 'plain', 'same '.repeat(400))))).toMatch(
        /left the same as the time before/,
      );
      const other = await nextWhile(own, () => leave(own.place, 'friday.gz', rows('another')));
      expect(other.kept).toMatchObject({ reference: 'dumps/friday.gz' });
    }));

  it('puts a smaller one in the place of what it has just left; the next one is taken', () =>
    following(async (own) => {
      const shrinking = nextWhile(own, () => leave(own.place, 'x.gz', rows('whole and rather long')), 20_000);
      shrinking.catch(() => undefined);
      await own.looked(4);
      leave(own.place, 'x.gz', gzipSync('whole'));
      expect(await refusal(shrinking)).toMatch(/x\.gz of the sidecar shrank while it was looked at/);
      const next = await nextWhile(own, () => leave(own.place, 'y.gz', rows('another')));
      expect(next.kept).toMatchObject({ reference: 'dumps/y.gz' });
    }, '3s'));
  it('(a larger one is taken as it is in the end)', () =>
    following(async (own) => {
      const growing = nextWhile(own, () => leave(own.place, 'x.gz', gzipSync('small')), 20_000);
      growing.catch(() => undefined);
      await own.looked(4);
      const whole = rows('whole and rather long');
      leave(own.place, 'x.gz', whole);
      expect((await growing).kept).toMatchObject({ reference: 'dumps/x.gz', bytes: whole.length });
    }, '3s'));

  it('left half of one before, and what it begins beside that is the next', () =>
    following(async (own) => {
      const half = nextWhile(
        own,
        () => writeFileSync(join(own.place, 'half.gz'), rows('half').subarray(0, 30)),
        20_000,
      );
      half.catch(() => undefined);
      await own.looked(6);
      leave(own.place, 'whole.gz', rows('whole'));
      expect(await refusal(half)).toMatch(/half\.gz of .* is no backup/);
      expect((await own.next(soonMs)).kept).toMatchObject({ reference: 'dumps/whole.gz' });
    }));

  it('was at work when the watch began: nobody knows when that was', () =>
    following(async (own) => {
      const path = join(own.place, 'early.gz');
      writeFileSync(path, rows('early').subarray(0, 20));
      const coming = nextWhile(own, () => appendFileSync(path, rows('early').subarray(20)));
      expect(await refusal(coming)).toMatch(/has left nothing new/);
      expect(readdirSync(own.place)).toEqual(['early.gz']);
      expect(existsSync(path)).toBe(true);
    }, '20s'));

  it('cannot be looked at: that says nothing of it', () =>
    following(async (own) => {
      own.failLooks();
      await expect(own.next(2_000)).rejects.toThrow(/^no answer/);
      await expect(own.next(2_000)).rejects.not.toBeInstanceOf(NoRecoveryPoint);
    }));

  it('was at work when its component was broken', () =>
    following(async (own) => {
      const coming = nextWhile(own, () => {
        leave(own.place, 'x.gz', rows('broken'));
        own.break();
      });
      expect(await refusal(coming)).toMatch(/the sidecar was under way when .* was broken/);
    }));
});
