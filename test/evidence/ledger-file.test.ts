import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { recordBytes } from '../../core/ledger.ts';
import type { TimelineEvent } from '../../core/timeline.ts';
import { createLedgerWriter } from '../../engine/ledger-file.ts';
import { ledgerDamage } from '../../evidence/ledger-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Chunk = { offset: number; bytes: number; sha256: string };
const eventOf = (data: Chunk, seq: number): TimelineEvent => ({
  seq,
  atMs: 0,
  utc: '',
  type: 'ledger.chunk',
  data,
  prev: '',
  hash: '',
});

/** So many records in one file, with the chunks that the timeline has of them. */
function written(name: string, records: number): { path: string; events: TimelineEvent[] } {
  const path = join(folder, name);
  const chunks: Chunk[] = [];
  const writer = createLedgerWriter(
    path,
    0,
    (chunk) => void chunks.push(chunk),
    (error) => {
      throw error;
    },
  );
  const recorder = writer.recorder(0);
  for (let i = 0; i < records; i += 1) recorder.record(1, 0, i, i, i, i + 1, 1, 2, 0);
  writer.close();
  return { path, events: chunks.map(eventOf) };
}

test('a ledger is whole when every byte is on the timeline', () => {
  const { path, events } = written('whole', 20_000);
  expect(events.length).toBe(3);
  expect(ledgerDamage(path, events)).toBeNull();
});

test.each<[string, (path: string, events: TimelineEvent[]) => void, RegExp]>([
  ['cut off', (path) => truncateSync(path, 9_000 * recordBytes), /^ledger ends at byte 288000/],
  [
    'longer than the timeline has it',
    (path) => appendFileSync(path, 'x'),
    /^1 bytes at the end are on no timeline/,
  ],
  [
    'altered in its last chunk',
    (path) => {
      const bytes = readFileSync(path);
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(path, bytes);
    },
    /^bytes 524288 to 640000 do not match/,
  ],
  [
    'without a chunk in the middle',
    (_path, events) => void events.splice(1, 1),
    /^chunk at byte 524288, expected 262144/,
  ],
])('a ledger that is %s', (name, spoil, says) => {
  const { path, events } = written(name, 20_000);
  spoil(path, events);
  expect(ledgerDamage(path, events)).toMatch(says);
});

test('a ledger of 12 million records is compared without being held in memory', () => {
  const path = join(folder, 'large');
  const [blocks, block] = [1_500, Buffer.alloc(8_192 * recordBytes)];
  writeFileSync(path, '');
  truncateSync(path, blocks * block.length);
  const sha256 = createHash('sha256').update(block).digest('hex');
  const events = Array.from({ length: blocks }, (_, i) =>
    eventOf({ offset: i * block.length, bytes: block.length, sha256 }, i),
  );
  writeFileSync(`${path}.json`, JSON.stringify(events));
  const script = `const { ledgerDamage } = await import(${JSON.stringify(join(import.meta.dirname, '../../evidence/ledger-file.ts'))});
    const { readFileSync } = await import('node:fs');
    const damage = ledgerDamage(${JSON.stringify(path)}, JSON.parse(readFileSync(${JSON.stringify(`${path}.json`)}, 'utf8')));
    const peak = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
    console.log(JSON.stringify({ damage, peakBytes: Number(peak) * 1024 }));`;
  // Not maxRSS of getrusage(2): that begins with what the process had before it became another program.
  const { damage, peakBytes } = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
  ) as { damage: null; peakBytes: number };
  expect(damage).toBeNull();
  expect(peakBytes).toBeLessThan(200 * 1024 ** 2);
});
