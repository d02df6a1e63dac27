/** What a name that the service gave can say by itself, without anything being looked up. */

/** As many as a value of the ledger has. */
const valueBits = 128;
/** Fewer sign nothing: whoever tries names would soon find one that is taken for genuine. */
const signatureBits = 64;

/** So many bits it can hold at most, by the letters that it is made of. */
function bitsOf(text: string): number {
  const kinds: [RegExp, number][] = [
    [/^\d*$/, 10],
    [/^(?:[\da-f]*|[\dA-F]*)$/, 16],
    [/^(?:[\da-z]*|[\dA-Z]*)$/, 36],
  ];
  const bare = text.replaceAll(/[^\da-z]/gi, '');
  const [, letters] = kinds.find(([kind]) => kind.test(bare)) ?? [null, 62];
  return bare.length * Math.log2(letters);
}

/** As hyphens and capitals are put into a name, or left out of it. */
const plain = (text: string): string => text.replaceAll('-', '').toLowerCase();

/** What it is when it is taken for base64, in each way that it may be cut; or for hexadecimal. */
function decoded(text: string): Buffer[] {
  const runs = text.match(/[\w+/-]{16,}/g) ?? [];
  return runs.flatMap((run) => [
    ...[0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), 'base64')),
    Buffer.from(run, 'hex'),
  ]);
}

/**
 * `value`: it holds the value, and room for a signature besides, so that an answer may come from it alone;
 * `perhaps`: it is long enough for both, as a sealed token is; null: it can but be looked up. Of a short one
 * that holds the value, one that looks like it shows that.
 */
export type Carried = 'value' | 'perhaps' | null;

/** What the service calls a record, and the value that was written in it. */
export interface Named {
  name: string;
  value: string;
}

/** `beside`: of another record, where there is one. What stands in both names signs neither. */
export function carriedIn(name: string, value: string, beside?: Named): Carried {
  const one = { name, value };
  const bits = Math.max(...(beside ? [ownOf(one, beside), ownOf(beside, one)] : [ownOf(one)]).map(bitsOf));
  if (plain(name).includes(plain(value))) return bits < signatureBits ? null : 'value';
  if ([name, ...piecesOf(one)].some((part) => encodes(part, value))) return 'value';
  return bits < valueBits + signatureBits ? null : 'perhaps';
}

/** Random or of a moment, as they say by themselves: those that are made of a digest say 3, 5 or 8. */
const uuids = /(?<![\da-z])[\da-f]{8}-[\da-f]{4}-[1467][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}(?![\da-z])/gi;
/** So many letters two signatures have not in common by chance. */
const sharedLetters = 8;

/** What stands around the value, in pieces. */
const piecesOf = ({ name, value }: Named): string[] =>
  name
    .replaceAll(new RegExp([...value].join('-?'), 'gi'), '/')
    .replaceAll(uuids, '/')
    .split(/[^\w+-]+/);

/** What of the one's name stands around its value, and is in no piece of the other's. */
function ownOf(one: Named, other?: Named): string {
  const theirs = other ? piecesOf(other) : [];
  const own = (piece: string): string => {
    if (theirs.includes(piece)) return '';
    const [begin, end] = [prefixOf, suffixOf].map((shared) => {
      const most = Math.max(0, ...theirs.map((their) => shared(piece, their)));
      return most < sharedLetters ? 0 : most;
    }) as [number, number];
    return piece.slice(begin, Math.max(begin, piece.length - end));
  };
  return piecesOf(one).map(own).join('');
}

/** How many letters both begin with. */
function prefixOf(a: string, b: string): number {
  const at = [...a].findIndex((letter, i) => letter !== b[i]);
  return at === -1 ? a.length : at;
}
const backwards = (text: string): string => [...text].reverse().join('');
const suffixOf = (a: string, b: string): number => prefixOf(backwards(a), backwards(b));

function encodes(text: string, value: string): boolean {
  const holds = (bytes: Buffer): boolean =>
    plain(bytes.toString('latin1')).includes(plain(value)) || bytes.toString('hex').includes(plain(value));
  return decoded(text).some(holds);
}
