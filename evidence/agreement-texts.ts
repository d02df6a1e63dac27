import { parseDurationMs, parseRatePerSecond } from '../core/units.ts';
import type { Agreement } from './agreement-plan.ts';

/** What the user may write as he likes. */
const ofTheUser = new Set(['config', 'options', 'params', 'with', 'env', 'stores', 'facts']);

const readings: Record<string, (text: string) => number | null> = {
  ms: parseDurationMs,
  perSecond: parseRatePerSecond,
  share: (text) => (/^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : null),
};

/**
 * A duration, a rate or a share stands there twice: as it was written, which reports show, and as its
 * value.
 */
export const textsDisagree = ({ strategy, scenario }: Agreement): string | null =>
  differing('strategy', strategy) ?? differing('scenario', scenario);

function differing(path: string, value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const entries = Object.entries(value as Record<string, unknown>);
  const { text } = value as { text?: unknown };
  const [key] = Object.keys(value).filter((one) => one !== 'text');
  const read = entries.length === 2 && key !== undefined ? readings[key] : undefined;
  if (typeof text === 'string' && read) {
    const is = (value as Record<string, unknown>)[key!];
    const meant = read(text);
    const agrees = meant !== null && typeof is === 'number' && Math.abs(is - meant) <= 1e-9 * meant;
    return agrees ? null : `${path} says ${text} and ${String(is)}`;
  }
  for (const [name, inner] of entries) {
    if (ofTheUser.has(name)) continue;
    const found = differing(`${path}.${name}`, inner);
    if (found) return found;
  }
  return null;
}
