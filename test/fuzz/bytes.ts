import fc from 'fast-check';
import { MusterError } from '../../core/errors.ts';

/** A value, or an error that is the user's to read. */
export async function readOrRefused(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
  }
}

interface Change {
  at: number;
  bytes: Uint8Array;
  kind: 'over' | 'in' | 'out' | 'end';
}
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 9 }),
    fc.constantFrom(...[0, 1, 0x7f, 0xff].map((byte) => new Uint8Array(4).fill(byte))),
  ),
  kind: fc.constantFrom('over', 'over', 'in', 'out', 'end'),
});
export function changed(original: Buffer, { at, bytes, kind }: Change): Buffer {
  const place = Math.floor(at * original.length);
  if (kind === 'end') return original.subarray(0, place);
  const after = kind === 'in' ? place : place + bytes.length;
  return Buffer.concat([
    original.subarray(0, place),
    kind === 'out' ? Buffer.alloc(0) : bytes,
    original.subarray(after),
  ]);
}
export const changes = fc.array(change, { minLength: 1, maxLength: 4 });
export const anything = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
