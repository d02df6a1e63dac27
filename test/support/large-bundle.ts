import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { kinds, recordBytes } from '../../core/ledger.ts';
import { eventsOf, type TimelineEvent } from '../../core/timeline.ts';
import { copyOf, forgeManifest, rechain } from './forgery.ts';
import { eventsIn } from './recorded.ts';

/** As a drill writes them, or smaller. */
const chunkBytes = 8_192 * recordBytes;

/** The records of a chunk, each read in it as often as asked for: so many clients had that answer at once. */
function grown(chunk: Buffer, times: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < chunk.length; at += recordBytes) {
    const record = chunk.subarray(at, at + recordBytes);
    pieces.push(record[1] === kinds.read ? Buffer.concat(Array<Buffer>(times).fill(record)) : record);
  }
  return Buffer.concat(pieces);
}

/**
 * The bundle of a drill once more, as if it had had at least so many operations: what was read was read by
 * more clients. Nothing else of it is another, so that it is judged the same. Gives its folder.
 */
export function largeBundle(bundle: string, operations: number): string {
  const large = copyOf(bundle);
  const ledger = readFileSync(join(bundle, 'ledger.bin'));
  const events = structuredClone(eventsIn(bundle));
  let reads = 0;
  for (let at = 0; at < ledger.length; at += recordBytes) if (ledger[at + 1] === kinds.read) reads += 1;
  const times = Math.ceil(operations / reads);
  const out = openSync(join(large, 'ledger.bin'), 'w');
  let offset = 0;
  const all = events.flatMap((event): TimelineEvent[] => {
    if (event.type !== 'ledger.chunk') return [event];
    const { data } = event as TimelineEvent<'ledger.chunk'>;
    const bytes = grown(ledger.subarray(data.offset, data.offset + data.bytes), times);
    writeSync(out, bytes);
    const parts = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, i) =>
      bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes),
    );
    return parts.map((part) => {
      const sha256 = createHash('sha256').update(part).digest('hex');
      offset += part.length;
      return {
        ...event,
        data: { ...data, offset: offset - part.length, bytes: part.length, sha256 },
      } as TimelineEvent;
    });
  });
  closeSync(out);
  for (const { data } of eventsOf(all, 'load.ended')) data.operations += (times - 1) * reads;
  rechain(large, all);
  forgeManifest(large);
  return large;
}
