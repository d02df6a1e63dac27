/** Seconds, milliseconds, microseconds since 1970: of any time from 2001 to 2286 so many digits. */
const digits: Record<number, number> = { 10: 1_000, 13: 1, 16: 1e-3 };

/**
 * A time as a query gives it, in milliseconds since 1970: a date with or without its time and zone, or
 * seconds (milliseconds, microseconds) since 1970. `zone`: of those that say none. Null for what is no time.
 */
export function momentOf(text: string, zone = '+00:00'): number | null {
  const given = text.trim();
  const since = /^(\d{10}|\d{13}|\d{16})(?:\.(\d+))?$/.exec(given);
  if (since) return Number(`${since[1]}.${since[2] ?? 0}`) * digits[since[1]!.length]!;
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i.exec(
      given,
    );
  if (!match) return null;
  const [, date, time = '00:00', said = zone] = match;
  const offset = /^(?:z|utc)$/i.test(said)
    ? 'Z'
    : said.replace(/^([+-]\d\d):?(\d\d)?$/, '$1:$2').replace(/:$/, ':00');
  const fraction = time.replace(',', '.').replace(/(\.\d{3})\d+$/, '$1');
  const at = Date.parse(`${date}T${fraction}${offset}`);
  return Number.isNaN(at) ? null : at;
}
