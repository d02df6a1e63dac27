import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { readChain } from '../../evidence/chain.ts';
import { createTimelineWriter } from '../../engine/timeline-writer.ts';

const refused = (error: unknown): never => {
  throw error;
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-timeline-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function written(): string {
  const path = join(folder, 'events.jsonl');
  const timeline = createTimelineWriter(path, systemClock, systemClock.nowMs(), refused);
  timeline.emit('phase.begun', { phase: 'up' });
  timeline.emit('note', { text: 'one' });
  timeline.emit('note', { text: 'zwei ü "quoted"' });
  timeline.emit('phase.ended', { phase: 'up', ok: true });
  timeline.close();
  return readFileSync(path, 'utf8');
}

describe('the hash chain', () => {
  it('is whole when nobody touched it', () => {
    const { events, broken } = readChain(written());
    expect(broken).toBeNull();
    expect(events).toHaveLength(4);
  });
  it.each([
    ['a changed word', (text: string) => text.replace('zwei', 'drei'), 3, 'content does not match its hash'],
    [
      'a changed time',
      (text: string) => text.replace(/"atMs":[\d.]+/, '"atMs":0.5'),
      1,
      'content does not match its hash',
    ],
    [
      'a removed line',
      (text: string) =>
        text
          .split('\n')
          .filter((_, i) => i !== 1)
          .join('\n'),
      2,
      'sequence number 2, expected 1',
    ],
    ['a last line cut off', (text: string) => text.slice(0, -20), 4, 'last line is cut off'],
    [
      'swapped lines',
      (text: string) => {
        const [a, b, c, d] = text.split('\n');
        return [a, c, b, d, ''].join('\n');
      },
      2,
      'sequence number 2, expected 1',
    ],
    ['something inserted', (text: string) => text.replace('\n', '\n\n'), 2, 'empty line'],
  ])('shows %s, and what stands before it stays valid', (_, alter, line, reason) => {
    const { events, broken } = readChain(alter(written()));
    expect(broken).toEqual({ line, reason });
    expect(events).toHaveLength(line - 1);
  });
  it('refuses an event after it was closed', () => {
    const timeline = createTimelineWriter(join(folder, 'closed.jsonl'), systemClock, 0, refused);
    timeline.close();
    expect(() => timeline.emit('note', { text: 'late' })).toThrow('after the timeline was closed');
  });
});
