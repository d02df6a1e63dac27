import { emptyGtidSet, type Gtids, type GtidSet } from '../mysql/product.ts';

const pattern = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/;

/** `domain-server-number`, as MariaDB writes the last transaction of each domain: `0-1-42,7-2-9`. */
interface Position {
  domain: string;
  number: number;
  text: string;
}

/** The last of each domain. Throws a TypeError for what is none. */
function positionsOf(text: string): Position[] {
  const all = text
    .split(',')
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '')
    .map((piece) => {
      const [, domain, , number] = pattern.exec(piece) ?? [];
      if (domain === undefined) throw new TypeError(`not a GTID of MariaDB: ${piece}`);
      return { domain, number: Number(number), text: piece };
    });
  const last = new Map<string, Position>();
  for (const one of all) if (one.number >= (last.get(one.domain)?.number ?? 0)) last.set(one.domain, one);
  return [...last.values()];
}

/** All up to a position of each domain: numbers are counted in a domain, whichever server writes. */
function set(text: string): GtidSet {
  const all = emptyGtidSet();
  for (const { domain, number } of positionsOf(text)) if (number > 0) all.add(domain, 1, number);
  return all;
}

export const gtids: Gtids = {
  set,
  parse: (text) => {
    const [, domain, , number] = pattern.exec(text.trim()) ?? [];
    return domain === undefined ? null : { source: domain, number: Number(number) };
  },
  shape: 'a GTID, as domain-server-number',
  executed: 'SELECT @@GLOBAL.gtid_slave_pos AS executed',
  after: (base, _given, lasts) =>
    [...new Map([...positionsOf(base).map(({ domain, text }) => [domain, text] as const), ...lasts])]
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, text]) => text)
      .join(','),
  cumulative: true,
  tracked: false,
};
