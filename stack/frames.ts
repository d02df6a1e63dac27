import type { Duplex } from 'node:stream';
import { Readable } from 'node:stream';

const headerBytes = 8;
export const stderrStream = 2;
const nothing = Buffer.alloc(0);

/**
 * Takes the engine's multiplexed stream apart: frames of an 8-byte header (byte 0: 1 stdout, 2 stderr; bytes
 * 4–7: length, big endian) and a payload, as in the engine API's "attach to a container". testcontainers' and
 * dockerode's own demultiplexers ignore backpressure and would hold a whole dump in memory; this one stops
 * the socket while nobody reads what it returns, stdout. `heard` is told of every payload of both.
 */
export function demultiplex(socket: Duplex, heard: (stream: number, payload: Buffer) => void): Readable {
  const stdout = new Readable({
    highWaterMark: 1024 * 1024,
    read: () => void socket.resume(),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  const parser = frameParser((stream, payload) => {
    heard(stream, payload);
    if (stream !== stderrStream && !stdout.push(payload)) socket.pause();
  });
  socket.on('data', parser.take);
  socket.on('end', () =>
    parser.isWhole()
      ? stdout.push(null)
      : stdout.destroy(new Error("the engine's stream ended in the middle of a frame")),
  );
  socket.on('error', (error) => stdout.destroy(error));
  socket.on('close', () => {
    if (!stdout.readableEnded && !socket.readableEnded)
      stdout.destroy(new Error('the engine closed the connection'));
  });
  return stdout;
}

/**
 * Feeds on chunks cut anywhere and hands out payloads without copying them. Whole: no frame has begun that
 * did not end.
 */
export function frameParser(onPayload: (stream: number, payload: Buffer) => void): {
  take(chunk: Buffer): void;
  isWhole(): boolean;
} {
  let header: Buffer = nothing;
  let stream = 0;
  let missing = 0;
  const take = (chunk: Buffer): void => {
    let at = 0;
    while (at < chunk.length) {
      if (missing === 0) {
        const piece = chunk.subarray(at, at + headerBytes - header.length);
        header = header.length === 0 ? piece : Buffer.concat([header, piece]);
        at += piece.length;
        if (header.length < headerBytes) return;
        stream = header[0]!;
        missing = header.readUInt32BE(4);
        header = nothing;
        continue;
      }
      const payload = chunk.subarray(at, at + missing);
      at += payload.length;
      missing -= payload.length;
      onPayload(stream, payload);
    }
  };
  return { take, isWhole: () => missing === 0 && header.length === 0 };
}
