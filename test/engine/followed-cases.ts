import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export const rows = (text: string): Buffer => gzipSync(Buffer.from(`${text} `.repeat(400)));

/** What a sidecar may leave that is no recovery point; `beside`: what is nearly the same and is one. */
export interface NoPoint {
  name: string;
  leave(place: string): void;
  reason: RegExp;
  beside: { name: string; leave(place: string): void };
}
const write =
  (name: string, content: string | Buffer) =>
  (place: string): void =>
    writeFileSync(join(place, name), content);

export const noPoints: NoPoint[] = [
  {
    name: 'leaves nothing',
    leave: () => undefined,
    reason: /the sidecar has left nothing new in \d+ s/,
    beside: { name: 'leaves a file', leave: write('x', 'something') },
  },
  {
    name: 'leaves an empty file',
    leave: write('x.gz', ''),
    reason: /x\.gz of the sidecar is no backup: it is empty/,
    beside: { name: 'leaves a small one', leave: write('x.gz', rows('small')) },
  },
  {
    name: 'leaves half an archive',
    leave: write('x.gz', rows('half').subarray(0, 30)),
    reason: /x\.gz of the sidecar is no backup: it is no whole gzip archive: unexpected end of file/,
    beside: { name: 'leaves a whole one', leave: write('x.gz', rows('whole')) },
  },
  {
    name: 'leaves an archive of nothing',
    leave: write('x.gz', gzipSync('')),
    reason: /x\.gz of the sidecar is no backup: it is a gzip archive of nothing/,
    beside: { name: 'leaves an archive of a byte', leave: write('x.gz', gzipSync('x')) },
  },
  {
    name: 'leaves less than it must',
    leave: write('x', 'hello'),
    reason: /the sidecar left less than it must/,
    beside: { name: 'leaves as much as it must', leave: write('x', 'hello, w') },
  },
];
