import { Readable } from 'node:stream';

/** As much of a stream's beginning, and all of it again. */
export async function withHead(
  source: Readable,
  bytes: number,
): Promise<{ head: Buffer; content: Readable }> {
  const pieces: Buffer[] = [];
  const reading = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let size = 0;
  let over = false;
  while (size < bytes && !over) {
    const { value, done } = await reading.next();
    over = done === true;
    if (over) break;
    pieces.push(value);
    size += value.length;
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      yield* pieces;
      while (!over) {
        const { value, done } = await reading.next();
        if (done) return;
        yield value;
      }
    } finally {
      source.destroy();
    }
  }
  const head = Buffer.concat(pieces).subarray(0, bytes);
  return { head, content: Readable.from(all(), { objectMode: false, highWaterMark: 1024 * 1024 }) };
}

/** The same stream, whose failure is told by another error. */
export function failingAs(source: Readable, told: (error: unknown) => unknown): Readable {
  async function* all(): AsyncGenerator<Buffer> {
    try {
      yield* source as AsyncIterable<Buffer>;
    } catch (error) {
      throw told(error);
    } finally {
      source.destroy();
    }
  }
  return Readable.from(all(), { objectMode: false, highWaterMark: 1024 * 1024 });
}
