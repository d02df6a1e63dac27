import { gzipSync } from 'node:zlib';

/** Archives as pg_dump writes them (`pg_backup_archiver.c`, version 1.16), to be cut and spoilt by tests. */

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(value < 0 ? 1 : 0, 0);
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
};
const text = (value: string | null): Buffer =>
  value === null ? int(-1) : Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);

export interface Made {
  id: number;
  kind: string;
  name: string;
  /** Chunks of its block; null for an entry without data. */
  chunks: string[] | null;
}

const entry = ({ id, kind, name, chunks }: Made, file?: string): Buffer =>
  Buffer.concat([
    int(id),
    int(chunks ? 1 : 0),
    ...['1259', '16384', name, kind].map(text),
    int(2),
    ...['CREATE …', 'DROP …', chunks && kind !== 'BLOBS' ? 'COPY …' : null, 'public', null, 'heap'].map(text),
    int(114),
    ...['postgres', 'false', '7', null].map(text),
    ...(file === undefined ? [Buffer.from([chunks ? 1 : 3]), Buffer.alloc(8)] : [text(file)]),
  ]);

const block = ({ id, kind, chunks }: Made): Buffer => {
  const data = [...chunks!.map(text), int(0)];
  return kind === 'BLOBS'
    ? Buffer.concat([Buffer.from([3]), int(id), int(16_400), ...data, int(0)])
    : Buffer.concat([Buffer.from([1]), int(id), ...data]);
};

export const archive = (entries: readonly Made[], minor = 16): Buffer =>
  Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.from([1, minor, 0, 4, 8, 1, 0]),
    ...Array.from({ length: 7 }, () => int(3)),
    ...['app', '17.6', '17.6'].map(text),
    int(entries.length),
    ...entries.map((one) => entry(one)),
    ...entries.filter(({ chunks }) => chunks).map(block),
  ]);

export const small: Made[] = [
  { id: 1, kind: 'TABLE', name: 'things', chunks: null },
  { id: 2, kind: 'TABLE DATA', name: 'things', chunks: ['1\tone\n', '2\t\\N\n'] },
  { id: 3, kind: 'TABLE DATA', name: 'empty', chunks: [] },
  { id: 4, kind: 'BLOBS', name: 'BLOBS', chunks: ['a picture'] },
];

const fileOf = ({ id, kind, chunks }: Made): string =>
  chunks === null ? '' : kind === 'BLOBS' ? `blobs_${id}.toc` : `${id}.dat`;

/** What `pg_dump --format=directory` leaves of the same, by the names of its files. */
export function directory(entries: readonly Made[]): Record<string, Buffer> {
  const list = Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.from([1, 16, 0, 4, 8, 3, 0]),
    ...Array.from({ length: 7 }, () => int(3)),
    ...['app', '17.6', '17.6'].map(text),
    int(entries.length),
    ...entries.map((one) => entry(one, fileOf(one))),
  ]);
  const files: Record<string, Buffer> = { 'toc.dat': list };
  for (const one of entries.filter(({ chunks }) => chunks))
    if (one.kind === 'BLOBS') {
      files[fileOf(one)] = Buffer.from('16400 blob_16400.dat\n');
      files['blob_16400.dat.gz'] = gzipSync(one.chunks!.join(''));
    } else files[`${fileOf(one)}.gz`] = gzipSync(`${one.chunks!.join('')}\\.\n\n\n`);
  return files;
}
