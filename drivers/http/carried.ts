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
export function carriedIn(name: string, value: string): Carried {
  const parts = partsOf(name);
  const holds = parts.find((part) => plain(part).includes(plain(value)));
  if (holds !== undefined) {
    // Of a URL, the signature may be another part than what it signs: one that is no word.
    const others = parts.filter((part) => part !== holds && /\d/.test(part) && bitsOf(part) >= signatureBits);
    const besides = bitsOf(plain(holds).replace(plain(value), ''));
    return others.reduce((sum, part) => sum + bitsOf(part), besides) < signatureBits ? null : 'value';
  }
  const found = parts.map((part) => carriedBy(part, value));
  return found.find((one) => one === 'value') ?? found.find((one) => one === 'perhaps') ?? null;
}

/** Of a URL each part by itself: what stands around a name in it is the same in each, and says nothing. */
const partsOf = (name: string): string[] =>
  /^(?:https?:\/\/|\/[a-z])/i.test(name) ? name.split(/[/?&=#]+/) : [name];

function carriedBy(name: string, value: string): Carried {
  const holds = (bytes: Buffer): boolean =>
    plain(bytes.toString('latin1')).includes(plain(value)) || bytes.toString('hex').includes(plain(value));
  if (decoded(name).some(holds)) return 'value';
  return bitsOf(name) < valueBits + signatureBits ? null : 'perhaps';
}
