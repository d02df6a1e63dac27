import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';

/**
 * A dump that lies on this machine, as a stream; `progress` is told how many bytes each piece of it has. An
 * error of reading is one of the stream. `last`: what comes behind it.
 */
export function readDump(path: string, progress: (bytes: number) => void, last = ''): Transform {
  const counted = new Transform({
    highWaterMark: 1024 * 1024,
    transform: (chunk: Buffer, _encoding, done) => {
      progress(chunk.length);
      done(null, chunk);
    },
    flush: (done) => (last === '' ? done() : done(null, last)),
  });
  const input = createReadStream(path, { highWaterMark: 1024 * 1024 });
  input.once('error', (error) => counted.destroy(error));
  return input.pipe(counted);
}
