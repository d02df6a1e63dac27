import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kinds, readRecord, recordBytes, type LedgerRecord } from '../../core/ledger.ts';
import { eventsOf, type TimelineEvent } from '../../core/timeline.ts';
import { firstHash, hashEvent } from '../../core/chain.ts';
import { eventsIn } from './recorded.ts';

/** What somebody can do to a bundle who knows its format as well as we do. */

export function copyOf(bundle: string): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'muster-bundle-')), 'copy');
  cpSync(bundle, copy, { recursive: true });
  return copy;
}

/** Lines as they are given, hashes and all. */
export const writeLines = (bundle: string, lines: readonly string[]): void =>
  writeFileSync(join(bundle, 'events.jsonl'), lines.map((line) => `${line}\n`).join(''));

/** Numbers and links the events anew, so that the chain holds again. */
export function rechain(bundle: string, events: readonly TimelineEvent[]): void {
  let prev = firstHash;
  writeLines(
    bundle,
    events.map(({ hash: _, ...event }, seq) => {
      const open = { ...event, seq, prev } as Omit<TimelineEvent, 'hash'>;
      prev = hashEvent(open);
      return JSON.stringify({ ...open, hash: prev });
    }),
  );
}

/** One more file among the attachments, which no event declares. */
export function attach(bundle: string, name: string, text: string): void {
  mkdirSync(join(bundle, 'attachments'), { recursive: true });
  writeFileSync(join(bundle, 'attachments', name), text);
}

/** A manifest that fits what is there now, as only the run itself may write one. */
export function forgeManifest(bundle: string): void {
  const path = join(bundle, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as {
    files: { path: string; bytes: number; sha256: string }[];
  };
  for (const file of manifest.files) {
    if (!existsSync(join(bundle, file.path))) continue;
    const bytes = readFileSync(join(bundle, file.path));
    Object.assign(file, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  }
  writeFileSync(path, JSON.stringify(manifest));
}

export const withoutManifest = (bundle: string): void => rmSync(join(bundle, 'manifest.json'));

/**
 * Leaves records out of the ledger; `told`: the timeline's own counts and digests are made to fit, and the
 * chain anew.
 */
export function dropRecords(bundle: string, which: (record: LedgerRecord) => boolean, told: boolean): void {
  const path = join(bundle, 'ledger.bin');
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events = structuredClone(eventsIn(bundle));
  const kept: Buffer[] = [];
  const records: LedgerRecord[] = [];
  const chunkOf = (at: number): number =>
    eventsOf(events, 'ledger.chunk').findLastIndex(({ data }) => data.offset <= at);
  const sizes = new Map<number, number>();
  for (let at = 0; at < bytes.length; at += recordBytes) {
    const record = readRecord(view, at);
    if (which(record)) continue;
    kept.push(bytes.subarray(at, at + recordBytes));
    sizes.set(chunkOf(at), (sizes.get(chunkOf(at)) ?? 0) + recordBytes);
    records.push(record);
  }
  if (kept.length === bytes.length / recordBytes) throw new Error('there was nothing to leave out');
  const ledger = Buffer.concat(kept);
  writeFileSync(path, ledger);
  let offset = 0;
  const chunks = eventsOf(events, 'ledger.chunk').filter(({ data }, i) => {
    const part = ledger.subarray(offset, offset + (sizes.get(i) ?? 0));
    Object.assign(data, {
      offset,
      bytes: part.length,
      sha256: createHash('sha256').update(part).digest('hex'),
    });
    offset += part.length;
    return part.length > 0;
  });
  if (told) {
    for (const { data } of eventsOf(events, 'load.ended'))
      data.operations = records.filter(
        ({ load, kind }) => load === data.index && kind !== kinds.readback,
      ).length;
    for (const { data } of eventsOf(events, 'readback.ended'))
      data.records = records.filter(
        ({ load, kind }) => load === data.index && kind === kinds.readback,
      ).length;
  }
  rechain(
    bundle,
    events.filter(
      (event) => event.type !== 'ledger.chunk' || chunks.includes(event as TimelineEvent<'ledger.chunk'>),
    ),
  );
}

/** Ids of which nothing is in what was read back: what a forger takes out of the record. */
export function lostIds(bundle: string): Set<number> {
  const bytes = readFileSync(join(bundle, 'ledger.bin'));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const all: LedgerRecord[] = [];
  for (let at = 0; at < bytes.length; at += recordBytes) all.push(readRecord(view, at));
  const back = new Set(all.filter(({ kind }) => kind === kinds.readback).map(({ id }) => id));
  return new Set(all.filter(({ kind, id }) => kind !== kinds.readback && !back.has(id)).map(({ id }) => id));
}

/** Puts other values in the place of those of a file that is JSON. */
export const editJson =
  (name: string, change: Record<string, unknown>): ((bundle: string) => void) =>
  (bundle) => {
    writeFileSync(
      join(bundle, name),
      JSON.stringify({ ...(JSON.parse(readFileSync(join(bundle, name), 'utf8')) as object), ...change }),
    );
  };

interface Listed {
  path: string;
  bytes: number;
  sha256: string;
}
/** Changes what a manifest says of its files. */
export const editFiles =
  (change: (files: Listed[]) => Listed[]): ((bundle: string) => void) =>
  (bundle) => {
    const { files } = JSON.parse(readFileSync(join(bundle, 'manifest.json'), 'utf8')) as { files: Listed[] };
    editJson('manifest.json', { files: change(files) })(bundle);
  };
