import type { Readable } from 'node:stream';

/**
 * The whole of a small object. Rejects with the error given at the first byte beyond the limit, so that no
 * store can fill the memory.
 */
export async function bounded(body: Readable, bytesMax: number, tooLong: () => Error): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += (part as Buffer).length;
    if (bytes > bytesMax) throw tooLong();
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}
