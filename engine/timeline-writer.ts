import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import type { EventData, EventType, TimelineEvent } from '../core/timeline.ts';
import { firstHash, hashEvent, plainJson } from '../core/chain.ts';

export interface TimelineWriter {
  readonly events: readonly TimelineEvent[];
  /** ms since the drill's origin. */
  now(): number;
  /** An id for what begins now; no other event of this drill gives it to something else. */
  newId(kind: string): string;
  emit<T extends EventType>(type: T, data: EventData[T], atMs?: number): TimelineEvent<T>;
  isClosed(): boolean;
  close(): void;
}

/**
 * Appends each event as one line, with one write, before anything else happens: after a kill -9 the file is
 * valid up to the last whole line. `atMs` may be given for an event whose moment was before it could be
 * written down. What cannot be written (the disk is full) is told to `lost`, once; nothing is appended after
 * it.
 */
export function createTimelineWriter(
  path: string,
  clock: Clock,
  originMs: number,
  lost: (error: unknown) => void,
): TimelineWriter {
  const file = openSync(path, 'ax', 0o644);
  const events: TimelineEvent[] = [];
  let prev = firstHash;
  const ids = new Map<string, number>();
  let closed = false;
  let broken = false;
  const now = (): number => Math.round((clock.nowMs() - originMs) * 1000) / 1000;
  return {
    events,
    now,
    newId: (kind) => {
      const number = (ids.get(kind) ?? 0) + 1;
      ids.set(kind, number);
      return `${kind}-${number}`;
    },
    emit: (type, data, atMs = now()) => {
      if (closed) throw new Error(`event ${type} after the timeline was closed`);
      const plain = plainJson(data);
      const body = { seq: events.length, atMs, utc: clock.utc(), type, data: plain, prev };
      const event = { ...body, hash: hashEvent(body as never) } as unknown as TimelineEvent;
      events.push(event);
      prev = event.hash;
      if (broken) return event as never;
      try {
        writeWhole(file, Buffer.from(`${JSON.stringify(event)}\n`));
      } catch (error) {
        broken = true;
        lost(error);
      }
      return event as never;
    },
    isClosed: () => closed,
    close: () => {
      if (closed) return;
      closed = true;
      if (!broken) fsyncSync(file);
      closeSync(file);
    },
  };
}

/** A disk that is filling up takes a part, and refuses only the rest. */
export function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
