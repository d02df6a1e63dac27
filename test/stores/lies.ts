import { emptied, halved, lastByteFlipped, lengthened, truncated } from './faulty.ts';

/** What a store gives back in the place of what was written. `refused`: false where it harms nothing. */
export interface Lie { what: string; alter: typeof truncated; object: string; matches: RegExp; encrypt: boolean; refused: boolean }

const kinds = {
  'its last byte flipped': lastByteFlipped, 'its last byte cut off': truncated, 'half of it': halved, 'nothing of it': emptied, 'a byte too many': lengthened,
};
const objects = { file: /dump\.sql/, seal: /manifest\.prepared/ };

/** An encrypted seal is a message of its own: what follows it is not read, and what it says is authenticated. */
const isHarmless = (what: string, object: string, encrypt: boolean): boolean => object === 'seal' && encrypt && what === 'a byte too many';

export const lies: Lie[] = Object.entries(kinds).flatMap(([what, alter]) => Object.entries(objects).flatMap(([object, matches]) =>
  [true, false].map((encrypt) => ({ what, alter, object, matches, encrypt, refused: !isHarmless(what, object, encrypt) }))));
