import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Sink } from '../../core/backup.ts';
import type { BoundaryMoment } from '../../core/scenario.ts';
import { eventsOf } from '../../core/timeline.ts';
import { createMoments, watchedSink } from '../../engine/moments.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { pointsIn } from '../support/stored-points.ts';
import { eventsIn } from '../support/recorded.ts';

describe('what was arranged at a moment', () => {
  it('happens once, at the next passing of that moment of that backup, and whoever passes waits for it', async () => {
    const moments = createMoments();
    const seen: string[] = [];
    const arranged = moments.at('backup.dumped', 'a.daily', async () => {
      await Promise.resolve();
      seen.push('act');
    });
    expect(moments.open).toEqual(['backup.dumped of a.daily']);
    await moments.pass('backup.begun', 'a.daily');
    await moments.pass('backup.dumped', 'b.daily');
    expect(seen).toEqual([]);
    await moments.pass('backup.dumped', 'a.daily');
    seen.push('passed');
    await arranged;
    await moments.pass('backup.dumped', 'a.daily');
    expect(seen).toEqual(['act', 'passed']);
    expect(moments.open).toEqual([]);
  });
  it('that fails is told to whoever arranged it, and holds up nobody who passes', async () => {
    const moments = createMoments();
    const arranged = moments
      .at('restore.begun', 'a', () => Promise.reject(new Error('cannot')))
      .catch((error: Error) => error.message);
    await moments.pass('restore.begun', 'a');
    expect(await arranged).toBe('cannot');
  });
});

describe('a sink that is watched', () => {
  it('passes uploading before the first byte is stored, and dumped when the source has given all, and nothing is left out', async () => {
    const seen: string[] = [];
    const sink: Sink = {
      put: async (_name, content) => {
        for await (const chunk of content) seen.push(String(chunk));
        seen.push('stored');
        return { plainBytes: 0, sha256: '' };
      },
    };
    await watchedSink(sink, async (moment) => void seen.push(moment)).put(
      'x',
      Readable.from([Buffer.from('1'), Buffer.from('2')]),
    );
    expect(seen[0]).toBe('backup.uploading');
    // What the source has given may still be on its way then.
    expect(seen.at(-1)).toBe('stored');
    expect(seen.filter((one) => one.startsWith('backup.'))).toEqual(['backup.uploading', 'backup.dumped']);
    expect(seen.filter((one) => /^\d+$/.test(one)).join('')).toBe('12');
  });
  it('never calls a source dumped that broke off', async () => {
    const seen: string[] = [];
    const sink: Sink = {
      put: async (_name, content) => {
        for await (const _ of content);
        return { plainBytes: 0, sha256: '' };
      },
    };
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('1');
        throw new Error('broke off');
      })(),
    );
    await expect(
      watchedSink(sink, async (moment) => void seen.push(moment)).put('x', broken),
    ).rejects.toThrow('broke off');
    expect(seen).toEqual(['backup.uploading']);
  });
});

const shownIn = (folder: string): string[] => [...new Set(pointsIn(folder).map(({ id }) => id))].sort();

describe('a crash in the middle of a backup', () => {
  const crashAt = (moment: BoundaryMoment) =>
    drillInMemory({
      keepStack: true,
      scenario: {
        timeScale: '30',
        settle: '3s',
        seed: '[{ run: seed, with: { rows: 10000 } }]',
        fault: `{ crash: store, at: ${moment} }`,
        recover: 'automatic',
      },
    });

  it.each<[BoundaryMoment, 'durable' | 'failed' | 'either']>([
    ['backup.begun', 'either'],
    ['backup.uploading', 'failed'],
    ['backup.dumped', 'either'],
    ['backup.durable', 'durable'],
  ])('at %s never leaves what looks like a recovery point and is none', async (moment, becomes) => {
    const { folder, result } = await crashAt(moment);
    const events = eventsIn(folder);
    const fault = eventsOf(events, 'fault.begun')[0]!;
    const cut = eventsOf(events, 'backup.begun').findLast(({ seq }) => seq < fault.seq)!.data.point;
    const durable = eventsOf(events, 'backup.durable');
    expect(shownIn(folder)).toEqual(durable.map(({ data }) => data.point).sort());
    expect(shownIn(folder).length).toBeGreaterThanOrEqual(2);
    const end = events.find(
      (event) =>
        (event.type === 'backup.durable' || event.type === 'backup.failed') && event.data.point === cut,
    )!;
    if (becomes !== 'either') expect(end.type).toBe(`backup.${becomes}`);
    // It really happened at that moment: inside the backup, or right after it was durable.
    if (moment === 'backup.durable')
      expect(events.slice(end.seq + 1, fault.seq).map(({ type }) => type)).not.toContain('backup.begun');
    if (moment === 'backup.durable') expect(fault.seq).toBeGreaterThan(end.seq);
    else expect(fault.seq).toBeLessThan(end.seq);
    expect(result.findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(result.verdict).toBe('pass');
  });
});

const wipeAnd = (second: string, more: Record<string, string> = {}) =>
  drillInMemory({
    scenario: {
      timeScale: '30',
      settle: '3s',
      seed: '[{ run: seed, with: { rows: 10000 } }]',
      fault: `[{ wipe-volume: store, at: worst }, ${second}]`,
      ...more,
    },
  });

describe('a crash in the middle of a restore', () => {
  it('is recovered by running the recovery again', async () => {
    const { folder, result } = await wipeAnd('{ crash: store, at: restore.halfway }', { attempts: '2' });
    expect(result.steps.map(({ ok }) => ok)).toEqual([false, true]);
    expect(result.steps[0]!.error).toMatch(/went away while it was restored/);
    expect(result.findings.find(({ id }) => id === 'recovery')).toMatchObject({
      verdict: 'pass',
      detail: expect.stringMatching(/attempt 1 failed/) as string,
    });
    expect(result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(result.faults.map(({ fault, witnessedMs }) => [fault, witnessedMs !== null])).toEqual([
      ['wipe-volume', true],
      ['crash', true],
    ]);
    const sum = result.waterfall.reduce((total, { beginMs, endMs }) => total + endMs - beginMs, 0);
    expect(sum).toBeCloseTo(result.time.verifiedMs! - result.time.faultMs!, 3);
    const crash = eventsOf(eventsIn(folder), 'fault.begun')[1]!;
    expect(crash.atMs).toBeGreaterThan(result.steps[0]!.beginMs);
    expect(crash.atMs).toBeLessThan(result.steps[0]!.endMs!);
  });
  it('fails the drill where the recovery is not run again', async () => {
    const { result } = await wipeAnd('{ crash: store, at: restore.halfway }');
    expect(result.steps.map(({ ok }) => ok)).toEqual([false]);
    expect(result.findings.find(({ id }) => id === 'recovery')).toMatchObject({ verdict: 'fail' });
    expect(result.exitCode).toBe(1);
  });
  it('at its beginning is survived', async () => {
    const { result } = await wipeAnd('{ crash: store, at: restore.begun }');
    expect(result.verdict).toBe('pass');
    expect(result.faults[1]!.begunMs).toBeGreaterThanOrEqual(result.steps[0]!.beginMs);
  });
  it('whose moment never comes leaves the fault unproven: inconclusive', async () => {
    // The restore fails before it is half done: the only copy that it names is gone.
    const { folder, result } = await wipeAnd('{ crash: store, at: restore.halfway }', {
      fault:
        '[{ wipe-volume: store, at: worst }, { bucket-emptied: b, at: restore.begun }, { crash: store, at: restore.halfway }]',
    });
    expect(result.findings.find(({ id }) => id === 'witness/missing')).toMatchObject({
      verdict: 'inconclusive',
    });
    expect(
      eventsOf(eventsIn(folder), 'note')
        .map(({ data }) => data.text)
        .join('\n'),
    ).toMatch(/waited for restore\.halfway of .*, which never came/);
    expect(result.verdict).toBe('fail');
  });
});

describe('waiting for a moment that never comes', () => {
  it('ends when the drill is interrupted', async () => {
    const controller = new AbortController();
    const { result } = await drillInMemory({
      signal: controller.signal,
      config: '{ bad: { stallBackupsAfter: 2 } }',
      scenario: { fault: '{ crash: store, at: backup.durable }', recover: 'automatic' },
      progress: (progress) => {
        if (progress.kind === 'phase' && progress.phase === 'break')
          setImmediate(() => controller.abort(new Error('Ctrl-C')));
      },
    });
    expect(result.outcome).toBe('interrupted');
    expect(result.faults).toEqual([]);
  });
});

describe('several faults in a row', () => {
  it('are each witnessed, in their order, and undone in the opposite one', async () => {
    const { folder, result } = await drillInMemory({
      scenario: {
        settle: '3s',
        fault: '[{ crash: store, at: +2s }, { pause: store, at: +3s }, { wipe-volume: store, at: +4s }]',
        recover: '[{ restore: store, from: b }]',
      },
    });
    expect(result.faults.map(({ fault, witnessedMs }) => [fault, witnessedMs !== null])).toEqual([
      ['crash', true],
      ['pause', true],
      ['wipe-volume', true],
    ]);
    expect(eventsOf(eventsIn(folder), 'undo.ended').map(({ data }) => data.undo)).toEqual([
      'undo wipe',
      'undo pause',
      'undo crash',
    ]);
    expect(result.findings.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    const begun = result.faults.map(({ begunMs }) => begunMs);
    expect(begun).toEqual([...begun].sort((a, b) => a - b));
    expect(result.time.faultMs).toBe(begun[0]);
  });
});
