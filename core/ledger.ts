/**
 * The client's own record of every operation: fixed records of 32 bytes, little-endian, in order of
 * completion.
 *
 *   0 u8 load   1 u8 kind   2 u8 outcome   3 u8 flags   4 u32 id   8 u32 group
 * 12 f32 duration ms   16 f64 invoked ms (monotonic, since the drill's origin)   24 u32+u32 digest of the
 * value (low, high)
 *
 * `group` is the smallest id of an atomic group (the id itself where it stands alone). Groups are aligned to
 * their size, at most 16 ids, so that a judge can take ids in windows. A digest of 0,0 means: no value
 * (absent, removed).
 */
export const recordBytes = 32;
/** It is written in chunks of at most so many bytes. */
export const chunkBytes = 8192 * recordBytes;
export const windowIds = 65_536;
/** Each load of one component has so many ids of its own, from a multiple of this on. */
export const idsPerLoad = 2 ** 26;

export const kinds = { write: 1, remove: 2, read: 3, readback: 4, answer: 5 } as const;
export const outcomes = { ok: 0, fail: 1, unknown: 2 } as const;
/** On `answer`: the client got an answer and it was not the right one. */
export const flagWrong = 1;
/**
 * On `write`: it belongs to the same call of the client as the record before it. An operation is one call,
 * however many rows it wrote.
 */
export const flagContinues = 2;

export type Kind = (typeof kinds)[keyof typeof kinds];
export type OperationOutcome = (typeof outcomes)[keyof typeof outcomes];

/** Two unsigned 32-bit halves; 0,0 stands for no value. */
export interface Digest {
  low: number;
  high: number;
}
export const absent: Digest = { low: 0, high: 0 };

export interface LedgerRecord {
  load: number;
  kind: Kind;
  outcome: OperationOutcome;
  flags: number;
  id: number;
  group: number;
  invokedMs: number;
  durationMs: number;
  low: number;
  high: number;
}

export function writeRecord(view: DataView, at: number, r: LedgerRecord): void {
  view.setUint8(at, r.load);
  view.setUint8(at + 1, r.kind);
  view.setUint8(at + 2, r.outcome);
  view.setUint8(at + 3, r.flags);
  view.setUint32(at + 4, r.id, true);
  view.setUint32(at + 8, r.group, true);
  view.setFloat32(at + 12, r.durationMs, true);
  view.setFloat64(at + 16, r.invokedMs, true);
  view.setUint32(at + 24, r.low, true);
  view.setUint32(at + 28, r.high, true);
}

export function readRecord(view: DataView, at: number): LedgerRecord {
  return {
    load: view.getUint8(at),
    kind: view.getUint8(at + 1) as Kind,
    outcome: view.getUint8(at + 2) as OperationOutcome,
    flags: view.getUint8(at + 3),
    id: view.getUint32(at + 4, true),
    group: view.getUint32(at + 8, true),
    durationMs: view.getFloat32(at + 12, true),
    invokedMs: view.getFloat64(at + 16, true),
    low: view.getUint32(at + 24, true),
    high: view.getUint32(at + 28, true),
  };
}

/**
 * A ledger that can be read again and again from its beginning, in chunks that hold whole records. Pure input
 * for measures.
 */
export interface LedgerSource {
  readonly records: number;
  chunks(): Iterable<Uint8Array>;
}

/**
 * 64 bits of a value's text. Mixing as in cyrb53 (public domain, github.com/bryc/code), both halves kept.
 * Against accident, not against an adversary: bundles are protected by SHA-256. Never 0,0.
 */
export function digestOf(value: string): Digest {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < value.length; i += 1) {
    const c = value.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  const low = a >>> 0;
  const high = b >>> 0;
  return low === 0 && high === 0 ? { low: 1, high: 0 } : { low, high };
}

/**
 * The value that a load writes for an id and version: 32 hexadecimal digits, a function of the seed alone
 * (murmur3's finaliser).
 */
export function valueFor(seed: number, id: number, version: number): string {
  let state = (seed ^ Math.imul(id + 1, 0x9e3779b1) ^ Math.imul(version + 1, 0x85ebca6b)) | 0;
  let text = '';
  for (let part = 0; part < 4; part += 1) {
    state = (state + 0x9e3779b9 + part) | 0;
    let word = state ^ (id << part);
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    word ^= word >>> 16;
    text += (word >>> 0).toString(16).padStart(8, '0');
  }
  return text;
}

/**
 * An operation that did not succeed. `certain`: it certainly did not happen (refused before it was sent);
 * otherwise nobody knows.
 */
export class OperationError extends Error {
  readonly certain: boolean;
  constructor(message: string, certain: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = 'OperationError';
    this.certain = certain;
  }
}
