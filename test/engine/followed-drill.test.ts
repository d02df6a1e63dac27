import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventsOf, firstOf } from '../../core/timeline.ts';
import { timelineDamage } from '../../evidence/timeline-damage.ts';
import { findingsThat } from '../support/real-drill.ts';
import { dataIn, drillOwn, type OwnDrill } from '../support/own-scripts.ts';
import { scratch } from '../support/scratch.ts';
import { younger } from './followed-forgeries.ts';

/** Every three seconds; it writes elsewhere first. */
const dumping = (dump: string): string =>
  `mkdir -p "$place/dumps"; n=0; while sleep 3; do n=$((n+1)); ${dump} && mv part "$place/dumps/$n.gz"; done`;

/** A drill whose component a sidecar backs up into store b, by a clock of its own. */
async function followed(
  sidecar: string,
  {
    every = '20s',
    scripts = {},
    scenario = {},
  }: {
    every?: string;
    scripts?: Record<string, string>;
    scenario?: Record<string, string>;
  } = {},
): Promise<OwnDrill> {
  const place = mkdtempSync(join(scratch, 'sidecar-'));
  const produces = '{ objects: dumps/, in: b }';
  try {
    return await drillOwn(
      {
        ...{ follow: '{ settles: 400ms }', produces },
        restore: `gunzip -c "${place}/$MUSTER_REFERENCE" > rows && "$tools"/db load < rows`,
        sidecar: `place="${place}"; ${sidecar}`,
        ...scripts,
      },
      { every, stores: { b: `{ kind: directory, path: ${place} }` }, scenario },
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

describe.concurrent('a drill of what a sidecar backs up', () => {
  it('runs nothing of it, takes in what appears, and compresses no interval', async () => {
    const drilled = await followed(dumping('./db rows | gzip > part'));
    expect(findingsThat('fail', drilled.result)).toEqual([]);
    expect(dataIn(drilled, 'schedule.begun')).toMatchObject([
      { intervalMs: 20_000, scaledMs: 20_000, follows: { service: null } },
    ]);
    expect(dataIn(drilled, 'schedule.measured')).toEqual([]);
    const [begun] = dataIn(drilled, 'backup.begun');
    const [durable] = dataIn(drilled, 'backup.durable');
    expect(begun).toMatchObject({ lastWithoutMs: durable!.consistentAtMs });
    expect(durable).toMatchObject({ payload: 'external', storedBytes: null });
    expect(dataIn(drilled, 'command.begun').map(({ command }) => command[0])).toEqual([
      expect.stringMatching(/restore\.sh$/),
    ]);
    expect(dataIn(drilled, 'step.ended')).toMatchObject([{ ok: true }]);
    const schedule = drilled.result.findings.find(({ id }) => id.startsWith('schedule/'))!;
    expect(schedule.detail).toContain('by the clock of what makes it, which no time scale compresses');
  });

  it('is damaged where a point of it is said to be younger than the last look without it', async () => {
    const { events } = await followed(dumping('./db rows | gzip > part'));
    expect(timelineDamage(events)).toBeNull();
    for (const { name, alter } of younger) {
      const altered = structuredClone([...events]);
      const durable = firstOf(altered, 'backup.durable')!;
      const begun = eventsOf(altered, 'backup.begun').find(({ data }) => data.id === durable.data.id)!;
      alter(begun.data, durable);
      expect(timelineDamage(altered), name).toMatch(
        /others made it: it is as old as the last look without it/,
      );
    }
  });

  it.each<[string, string, string, RegExp]>([
    ['that leaves nothing', 'sleep 1000', '2s', /the sidecar has left nothing new in 4 s/],
    [
      'whose dump is dead behind a pipe',
      dumping('./no-such-db rows | gzip > part'),
      '4s',
      /dumps\/\d+\.gz of the sidecar is no backup: it is a gzip archive of nothing/,
    ],
  ])('%s fails and says why, while nothing is broken yet', async (_what, sidecar, every, reason) => {
    const drilled = await followed(sidecar, { every });
    expect(dataIn(drilled, 'fault.begun')).toEqual([]);
    expect(drilled.result).toMatchObject({ exitCode: 1, verdict: 'fail', outcome: 'aborted' });
    expect(drilled.result.error).toMatch(reason);
    const finding = drilled.result.findings.find(({ id }) => id.startsWith('backups/'))!;
    expect([finding.verdict, finding.detail]).toEqual(['fail', expect.stringMatching(reason)]);
  });

  it('is inconclusive, and no failure of theirs, where its schedule is longer than a drill waits', async () => {
    const drilled = await followed('sleep 1000', { every: '12h', scenario: { stepDeadline: '2s' } });
    expect(drilled.result).toMatchObject({ verdict: 'inconclusive', outcome: 'aborted' });
    expect(drilled.result.error).toMatch(
      /took longer than 12000 ms.*every 12 h by its own clock.*follow\.schedule of /s,
    );
    expect(findingsThat('fail', drilled.result)).toEqual([]);
    expect(
      dataIn(drilled, 'note')
        .map(({ text }) => text)
        .join(),
    ).toMatch(/will be inconclusive unless/);
  });
});
