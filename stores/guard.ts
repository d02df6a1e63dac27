import { Duplex } from 'node:stream';

/**
 * A stream that can be destroyed at any moment, around one that cannot: destroyed in the middle, the streams
 * of
 * @aws-crypto 5.0 raise "Premature close" where nobody can catch it, and the process dies. So the
 * inner one is left to run out instead, into nothing, which also makes it wipe its data key.
 */
export function guarded(inner: Duplex): Duplex {
  let over = false;
  const outer = new Duplex({
    highWaterMark: 1024 * 1024,
    write: (chunk, encoding, done) => void inner.write(chunk, encoding, done),
    final: (done) => {
      inner.end();
      done();
    },
    read: () => void inner.resume(),
    destroy: (error, done) => {
      over = true;
      inner.end();
      inner.resume();
      done(error);
    },
  });
  inner.on('data', (chunk: Buffer) => {
    if (!over && !outer.push(chunk)) inner.pause();
  });
  inner.on('end', () => {
    if (!over) outer.push(null);
  });
  inner.on('error', (error) => outer.destroy(error));
  return outer;
}
