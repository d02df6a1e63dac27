/**
 * Judges a ledger of 10 million operations: seconds and peak memory, beside a plain judge that keeps a Map of
 * everything. Each in a process of its own, over the same file.   node bench/judge.ts [operations]
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  digestOf,
  kinds,
  outcomes,
  readRecord,
  recordBytes,
  valueFor,
  writeRecord,
  type Kind,
  type LedgerSource,
} from '../core/ledger.ts';
import type { TimelineEvent } from '../core/timeline.ts';
import { analyseLedger } from '../measures/ledger-judge.ts';

const secondsMax = 30;
const rssMax = 300 * 1024 ** 2;
const chunkBytes = recordBytes * 32_768;
const [mode = '10000000', path = ''] = process.argv.slice(2);

/**
 * One read in three; every tenth write is a new version; faults at 60 % of the way, the last tenth before it
 * is lost.
 */
function generate(file: string, operations: number): number {
  const out = openSync(file, 'w');
  const bytes = new Uint8Array(chunkBytes);
  const view = new DataView(bytes.buffer);
  let at = 0;
  let records = 0;
  const put = (
    kind: Kind,
    outcome: number,
    id: number,
    invokedMs: number,
    low: number,
    high: number,
  ): void => {
    writeRecord(view, at, {
      load: 0,
      kind,
      outcome: outcome as 0,
      flags: 0,
      id,
      group: id & ~3,
      invokedMs,
      durationMs: 0.4,
      low,
      high,
    });
    records += 1;
    at += recordBytes;
    if (at < chunkBytes) return;
    writeSync(out, bytes, 0, at);
    at = 0;
  };
  const fault = Math.floor(operations * 0.6);
  const kept = Math.floor(operations * 0.5);
  const versions = new Uint8Array(operations);
  let ids = 0;
  let idsKept = 0;
  for (let i = 0; i < operations; i += 1) {
    if (i === kept) idsKept = ids;
    const down = i >= fault && i < fault + operations / 100;
    const outcome = down ? outcomes.unknown : outcomes.ok;
    if (i % 3 === 2) {
      const id = (Math.imul(i, 2654435761) >>> 0) % Math.max(1, idsKept || ids);
      const value = digestOf(valueFor(7, id, versions[id]!));
      put(kinds.read, outcome, id, i / 10, value.low, value.high);
    } else {
      const id = i % 10 === 0 && ids > 0 && i < kept ? (Math.imul(i, 40503) % ids) >>> 0 : ids++;
      if (id < ids - 1) versions[id]! += 1;
      const value = digestOf(valueFor(7, id, versions[id]!));
      put(kinds.write, outcome, id, i / 10, value.low, value.high);
    }
  }
  for (let id = 0; id < idsKept; id += 1) {
    const value = digestOf(valueFor(7, id, versions[id]!));
    put(kinds.readback, outcomes.ok, id, operations / 10 + 5_000, value.low, value.high);
  }
  writeSync(out, bytes, 0, at);
  closeSync(out);
  return records;
}

const fileSource = (file: string): LedgerSource => ({
  records: statSync(file).size / recordBytes,
  *chunks() {
    const descriptor = openSync(file, 'r');
    const bytes = new Uint8Array(chunkBytes);
    try {
      for (let read = readSync(descriptor, bytes); read > 0; read = readSync(descriptor, bytes))
        yield bytes.subarray(0, read);
    } finally {
      closeSync(descriptor);
    }
  },
});

function timeline(records: number, operations: number): TimelineEvent[] {
  const events = [
    [
      0,
      'load.begun',
      {
        load: 'keys',
        index: 0,
        target: 'redis',
        kind: 'data',
        ratePerSecond: 10_000,
        neverReturn: false,
        volatile: false,
      },
    ],
    [operations * 0.06, 'fault.begun', { fault: 'wipe-volume', target: 'redis', params: {} }],
    [operations * 0.0601, 'recovery.begun', { automatic: false }],
    [operations * 0.1 + 1_000, 'observation.ended', { settled: true }],
    [
      operations * 0.1 + 9_000,
      'readback.ended',
      { load: 'keys', index: 0, complete: true, records: records - operations },
    ],
    [operations * 0.1 + 9_001, 'ledger.chunk', { offset: 0, bytes: records * recordBytes, sha256: '' }],
  ] as const;
  return events.map(([atMs, type, data], seq) => ({
    seq,
    atMs,
    utc: '',
    type,
    data,
    prev: '',
    hash: '',
  })) as unknown as TimelineEvent[];
}

/** What one would write first: every operation an object in a Map by id. Lost and survived only. */
function naive(source: LedgerSource): { lost: number; survived: number } {
  const ids = new Map<
    number,
    { ops: ReturnType<typeof readRecord>[]; shown: ReturnType<typeof readRecord> | null }
  >();
  for (const chunk of source.chunks()) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < chunk.byteLength; at += recordBytes) {
      const record = readRecord(view, at);
      let entry = ids.get(record.id);
      if (!entry) ids.set(record.id, (entry = { ops: [], shown: null }));
      if (record.kind === kinds.readback) entry.shown = record;
      else entry.ops.push(record);
    }
  }
  let lost = 0;
  let survived = 0;
  for (const { ops, shown } of ids.values()) {
    const last = ops.filter((op) => op.kind === kinds.write && op.outcome === outcomes.ok).at(-1);
    if (last && !shown) lost += 1;
    else if (last && shown && last.low === shown.low && last.high === shown.high) survived += 1;
  }
  return { lost, survived };
}

interface Measured {
  seconds: number;
  rss: number;
  lost: number;
  survived: number;
}

function child(judge: 'muster' | 'naive', file: string): void {
  const source = fileSource(file);
  const begun = process.hrtime.bigint();
  let outcome: { lost: number; survived: number };
  if (judge === 'naive') outcome = naive(source);
  else {
    const analysis = analyseLedger(source, timeline(source.records, Number(process.env['OPERATIONS'])));
    const data = analysis.loads[0]!.data;
    if (!data) throw new Error(`not judged: ${analysis.damage}`);
    outcome = { lost: data.classes.lost, survived: data.classes.survived };
  }
  const measured: Measured = {
    seconds: Number(process.hrtime.bigint() - begun) / 1e9,
    rss: process.resourceUsage().maxRSS * 1024,
    ...outcome,
  };
  console.log(JSON.stringify(measured));
}

function main(operations: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'muster-judge-'));
  try {
    const file = join(folder, 'ledger.bin');
    const records = generate(file, operations);
    const env = { ...process.env, OPERATIONS: String(operations) };
    const run = (judge: string): Measured =>
      JSON.parse(
        execFileSync(process.execPath, ['--max-old-space-size=6000', import.meta.filename, judge, file], {
          env,
          encoding: 'utf8',
        }),
      ) as Measured;
    const ours = run('muster');
    const plain = run('naive');
    const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
    console.log(`${operations} operations, ${records} records, ${mebibytes(records * recordBytes)}`);
    console.log(
      `muster: ${ours.seconds.toFixed(1)} s, ${mebibytes(ours.rss)} peak   lost ${ours.lost}, survived ${ours.survived}`,
    );
    console.log(
      `a Map:  ${plain.seconds.toFixed(1)} s, ${mebibytes(plain.rss)} peak   lost ${plain.lost}, survived ${plain.survived}`,
    );
    console.log(
      `ratio:  time ${(ours.seconds / plain.seconds).toFixed(2)}, memory ${(ours.rss / plain.rss).toFixed(2)}`,
    );
    const agree = ours.lost === plain.lost && ours.survived === plain.survived && ours.lost > 0;
    if (!agree) console.log('the two judges do not agree');
    if (ours.seconds > secondsMax || ours.rss > rssMax)
      console.log(`over the limit of ${secondsMax} s and ${mebibytes(rssMax)}`);
    process.exitCode = agree && ours.seconds <= secondsMax && ours.rss <= rssMax ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (mode === 'muster' || mode === 'naive') child(mode, path);
else main(Number(mode));
