const durationMs: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const sizeBytes: Record<string, number> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
};

/**
 * `5m`, `1h30m`, `250ms` as milliseconds; null for anything else, a bare number included: a unit is never
 * guessed.
 */
export function parseDurationMs(text: string): number | null {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h|d|w)/g))
    total += Number(amount) * durationMs[unit!]!;
  return total;
}

/** `2000/s`, `100/m` as operations per second; null for anything else. */
export function parseRatePerSecond(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\/(s|m|h)$/.exec(text);
  return match ? (Number(match[1]) * 1000) / durationMs[match[2]!]! : null;
}

/** `64MiB`, `10MB` as bytes; null for anything else. */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|KB|MB|GB)$/.exec(text);
  return match ? Math.round(Number(match[1]) * sizeBytes[match[2]!]!) : null;
}

/** Milliseconds for people: `0 ms`, `840 ms`, `12.4 s`, `3 min 05 s`, `2 h 10 min`. */
export function formatDuration(ms: number): string {
  const sign = ms < 0 ? '-' : '';
  const abs = Math.abs(ms);
  if (abs < 10) return `${sign}${Number(abs.toFixed(1))} ms`;
  if (abs < 1000) return `${sign}${Math.round(abs)} ms`;
  if (abs < 59_950) return `${sign}${(abs / 1000).toFixed(1)} s`;
  const seconds = Math.round(abs / 1000);
  if (seconds < 3600) return `${sign}${inTwoUnits(seconds, 'min', 's')}`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${sign}${inTwoUnits(minutes, 'h', 'min')}`;
  return `${sign}${Number((minutes / 1440).toFixed(1))} d`;
}

/** `3 min 05 s`; without the smaller unit where it is nought. */
function inTwoUnits(amount: number, large: string, small: string): string {
  const rest = amount % 60;
  const whole = `${Math.floor(amount / 60)} ${large}`;
  return rest === 0 ? whole : `${whole} ${String(rest).padStart(2, '0')} ${small}`;
}

/** Bytes for people, in binary units: `512 B`, `1.4 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Whole numbers with thin grouping: `12 345`. */
export const formatCount = (count: number): string =>
  String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ' ');
