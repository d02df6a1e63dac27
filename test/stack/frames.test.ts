import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { demultiplex, frameParser } from '../../stack/frames.ts';

interface Frame {
  stream: number;
  payload: Buffer;
}

const encode = ({ stream, payload }: Frame): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
};
const frame = fc.record({
  stream: fc.constantFrom(1, 2),
  payload: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
});

describe("the engine's frames", () => {
  test('come out whole and in order, wherever the chunks were cut', () => {
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.integer({ min: 1, max: 30 })), (frames, cuts) => {
        const wire = Buffer.concat(frames.map(encode));
        const heard = new Map<number, Buffer[]>([
          [1, []],
          [2, []],
        ]);
        const { take, isWhole } = frameParser((stream, payload) =>
          heard.get(stream)!.push(Buffer.from(payload)),
        );
        let at = 0;
        for (const cut of [...cuts, wire.length]) {
          take(wire.subarray(at, at + cut));
          at += cut;
        }
        expect(isWhole()).toBe(true);
        for (const stream of [1, 2]) {
          const sent = Buffer.concat(
            frames.filter((each) => each.stream === stream).map((each) => each.payload),
          );
          expect(Buffer.concat(heard.get(stream)!).equals(sent)).toBe(true);
        }
      }),
    );
  });

  test('stop the socket while nobody reads', async () => {
    const socket = new PassThrough();
    let heardBytes = 0;
    const stdout = demultiplex(socket, (_, payload) => (heardBytes += payload.length));
    const megabyte = encode({ stream: 1, payload: Buffer.alloc(1024 * 1024) });
    for (let sent = 0; sent < 50; sent += 1) socket.write(megabyte);
    socket.end();
    await new Promise(setImmediate);
    expect(socket.isPaused()).toBe(true);
    expect(heardBytes).toBeLessThan(4 * 1024 * 1024);
    let readBytes = 0;
    for await (const chunk of stdout) readBytes += (chunk as Buffer).length;
    expect(readBytes).toBe(50 * 1024 * 1024);
  });

  test('a connection that breaks off is an error, not an end', async () => {
    const socket = new PassThrough();
    const stdout = demultiplex(socket, () => undefined);
    socket.write(encode({ stream: 1, payload: Buffer.from('half a dump') }));
    setImmediate(() => socket.destroy());
    await expect(
      (async () => {
        for await (const chunk of stdout) void chunk;
      })(),
    ).rejects.toThrow('closed the connection');
  });

  test('a frame that ends early is an error, not an end', async () => {
    const socket = new PassThrough();
    const stdout = demultiplex(socket, () => undefined);
    socket.end(encode({ stream: 1, payload: Buffer.from('half a dump') }).subarray(0, 12));
    await expect(
      (async () => {
        for await (const chunk of stdout) void chunk;
      })(),
    ).rejects.toThrow('in the middle of a frame');
  });
});
