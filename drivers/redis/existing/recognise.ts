import type { Recognised, Said } from '../../../core/existing.ts';
import { isTar } from '../../existing-folder.ts';
import { notOurs } from '../../existing-text.ts';
import type { Product } from '../product.ts';
import { loadedInstead } from '../rdb-format.ts';

const magicBytes = 9;
const auxiliary = 0xfa;

/** One text as an RDB writes it: its length in 6, 14 or 32 bits, or a number of 8, 16 or 32 bits. */
function textAt(bytes: Buffer, at: number): { text: string; next: number } | null {
  const first = bytes[at];
  if (first === undefined) return null;
  const kind = first >> 6;
  if (kind === 3) {
    const size = [1, 2, 4][first & 0x3f];
    if (size === undefined || at + 1 + size > bytes.length) return null;
    return { text: String(bytes.readIntLE(at + 1, size)), next: at + 1 + size };
  }
  const sizes = [1, 2, 5];
  const begin = at + sizes[kind]!;
  if (begin > bytes.length) return null;
  const length =
    kind === 0
      ? first & 0x3f
      : kind === 1
        ? ((first & 0x3f) << 8) | bytes[at + 1]!
        : bytes.readUInt32BE(at + 1);
  if (begin + length > bytes.length) return null;
  return { text: bytes.subarray(begin, begin + length).toString('utf8'), next: begin + length };
}

/** What an RDB says of itself before its first key: who wrote it and when. */
export function auxiliariesOf(head: Buffer): Record<string, string> {
  const found: Record<string, string> = {};
  let at = magicBytes;
  while (head[at] === auxiliary) {
    const key = textAt(head, at + 1);
    const value = key && textAt(head, key.next);
    if (!value) break;
    found[key.text] = value.text;
    at = value.next;
  }
  return found;
}

export function saidIn(head: Buffer): Said {
  const { 'redis-ver': redis, 'valkey-ver': valkey, ctime } = auxiliariesOf(head);
  const server = valkey ? `Valkey ${valkey}` : redis ? `Redis ${redis}` : null;
  const madeAt = ctime && /^\d{9,11}$/.test(ctime) ? new Date(Number(ctime) * 1000).toISOString() : null;
  return { tool: null, server, database: null, madeAt };
}

/** `format`: the highest that the server says it knows. */
export function recogniseSnapshot(head: Buffer, product: Product, format: number | null): Recognised {
  if (isTar(head))
    return {
      is: 'ours',
      format: 'data folder',
      said: { tool: null, server: null, database: null, madeAt: null },
    };
  const beginning = head.subarray(0, magicBytes).toString('latin1');
  if (!/^(?:REDIS\d{4}|VALKEY\d{3})/.test(beginning)) return notOurs(head, `a snapshot of ${product.name}`);
  const said = saidIn(head);
  const instead = loadedInstead(product, format, beginning);
  if (instead !== null)
    return {
      is: 'broken',
      why: `it is of format ${beginning}${said.server ? `, of ${said.server}` : ''}, which this ${product.name} does not load: it takes ${instead}`,
    };
  return { is: 'ours', format: `RDB ${Number(beginning.replace(/\D/g, ''))}`, said };
}
