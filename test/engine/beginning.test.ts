import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { tellBeginning } from '../../engine/beginning.ts';
import { createTimelineWriter } from '../../engine/timeline-writer.ts';
import { scratch } from '../support/scratch.ts';

const what = {
  of: 'east',
  what: 'an empty data folder',
  sha256: 'ab',
  madeAt: '2026-11-01T00:00:00Z',
  madeInMs: 5,
  timedBy: 'a clock',
};

test('what a replica is begun with before the loads, or between steps, is no restore of the recovery', () => {
  const path = join(mkdtempSync(join(scratch, 'beginning-')), 'events.jsonl');
  const writer = createTimelineWriter(path, systemClock, 0, (error) => expect.fail(String(error)));
  tellBeginning(writer, what);
  writer.emit('step.begun', { id: 'step-1', step: 0, title: 'restore east' });
  tellBeginning(writer, what);
  writer.emit('step.ended', { id: 'step-1', step: 0, title: 'restore east', ok: true, facts: null });
  tellBeginning(writer, what);
  expect(writer.events.map(({ type }) => type)).toEqual([
    'note',
    'step.begun',
    'restore.beganWith',
    'step.ended',
    'note',
  ]);
  expect(writer.events[2]!.data).toEqual(what);
  writer.close();
  expect(readFileSync(path, 'utf8')).toContain(
    'east began with an empty data folder that is kept (SHA-256 ab)',
  );
});
