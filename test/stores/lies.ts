import { emptied, halved, lastByteFlipped, lengthened, truncated } from './faulty.ts';

/** What a store gives back in the place of what was written. `refused`: false where it harms nothing. */
export interface Lie {
  what: string;
  alter: typeof truncated;
  object: string;
  matches: RegExp;
  encrypt: boolean;
  refused: boolean;
}

/** Pieces in which a store rightly gives back what was written. */
type Cut = (bytes: Buffer) => Buffer[];
export interface Truth {
  what: string;
  cut: Cut;
  object: string;
  matches: RegExp;
  encrypt: boolean;
}

const kinds = {
  'its last byte flipped': lastByteFlipped,
  'its last byte cut off': truncated,
  'half of it': halved,
  'nothing of it': emptied,
  'a byte too many': lengthened,
};
const objects = { file: /dump\.sql/, seal: /point\.prepared/ };

/**
 * An encrypted seal is a message of its own: what follows it is not read, and what it says is authenticated.
 */
const isHarmless = (what: string, object: string, encrypt: boolean): boolean =>
  object === 'seal' && encrypt && what === 'a byte too many';

export const lies: Lie[] = Object.entries(kinds).flatMap(([what, alter]) =>
  Object.entries(objects).flatMap(([object, matches]) =>
    [true, false].map((encrypt) => ({
      what,
      alter,
      object,
      matches,
      encrypt,
      refused: !isHarmless(what, object, encrypt),
    })),
  ),
);

/** Beside each kind of lie, in the same order: the same bytes, given back in an unusual way. */
export const ways: Record<keyof typeof kinds, [what: string, cut: Cut]> = {
  'its last byte flipped': ['its bytes a thousand at a time', (bytes) => pieces(bytes, 1_000)],
  'its last byte cut off': [
    'its last byte by itself',
    (bytes) => [bytes.subarray(0, -1), bytes.subarray(-1)],
  ],
  'half of it': ['one half after the other', (bytes) => pieces(bytes, Math.ceil(bytes.length / 2))],
  'nothing of it': [
    'nothing, then all of it, then nothing',
    (bytes) => [Buffer.alloc(0), bytes, Buffer.alloc(0)],
  ],
  'a byte too many': ['all of it in one piece', (bytes) => [bytes]],
};

function pieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

export const truths: Truth[] = lies.map(({ what, object, matches, encrypt }) => {
  const [told, cut] = ways[what as keyof typeof kinds];
  return { what: told, cut, object, matches, encrypt };
});
