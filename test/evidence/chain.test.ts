import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { firstHash, hashEvent } from '../../core/chain.ts';
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
  it('has no half a character, which words that were cut off may end with', () => {
    const path = join(folder, 'cut.jsonl');
    const timeline = createTimelineWriter(path, systemClock, 0, refused);
    const text = 'a smile \u{1f600}';
    timeline.emit('note', { text: text.slice(0, -1) });
    timeline.emit('note', { text: String.raw`${text} \ud83d` });
    timeline.close();
    const whole = readFileSync(path, 'utf8');
    const { events, broken } = readChain(whole);
    expect(broken).toBeNull();
    expect(events.map(({ data }) => data)).toEqual([
      { text: 'a smile \ufffd' },
      { text: String.raw`${text} \ud83d` },
    ]);
    expect(readChain(whole.replace('\ufffd', String.raw`\ud83d`)).broken).toEqual({
      line: 1,
      reason: 'not written as a drill writes it',
    });
  });
});

/** As Muster hashed by itself before it left that to a library: bundles of then must hold. */
function formerJson(value: unknown): string {
  if (Array.isArray(value))
    return `[${value.map((item) => formerJson(item === undefined ? null : item)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${formerJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

describe('the hash of an event', () => {
  const open = { seq: 1, atMs: 0.125, utc: '2026-01-01T00:00:00.000Z', prev: firstHash };
  it('is that of before, whatever an event holds', () => {
    const text = fc.string({ unit: 'binary' });
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.constantFrom(null, true, undefined, -0, 1e21, 1e-7, 5e-324, Number.MAX_VALUE),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        text,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(text, fc.nat(12).map(String)), tie('value'), { maxKeys: 6 }),
      ),
    }));
    fc.assert(
      fc.property(text, value, (type, data) => {
        const event = { ...open, type, data } as never;
        const former = createHash('sha256').update(formerJson(event)).digest('hex');
        expect(hashEvent(event)).toBe(former);
      }),
      { numRuns: 500 },
    );
  });
  it('is told from that of another order or another number', () => {
    const hash = (data: unknown): string => hashEvent({ ...open, type: 'note', data } as never);
    expect(hash({ b: 1, a: { d: [1, 2], c: 3 } })).toBe(hash({ a: { c: 3, d: [1, 2] }, b: 1 }));
    expect(hash({ a: [1, 2] })).not.toBe(hash({ a: [2, 1] }));
    expect(hash({ a: 1 })).not.toBe(hash({ a: '1' }));
  });
  it('is that which a timeline of before has', () => {
    const { events, broken } = readChain(readFileSync('test/fixtures/timeline-of-before.jsonl', 'utf8'));
    expect(broken).toBeNull();
    expect(events).toHaveLength(3);
  });
});
