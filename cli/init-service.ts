import { looksSecret } from '../core/masking.ts';
import { parseDurationMs } from '../core/units.ts';
import type { Service } from './init-recognise.ts';

/** How a schedule may be shortened, and how often it is otherwise; null where that is not known. */
export interface Schedule {
  env: string;
  drill: string;
  every: string;
  usual: string | null;
}

/** Folders that a service may write to and that outlive its container. */
export const writtenBy = ({ volumes = [] }: Service): string[] =>
  volumes
    .filter(({ type, read_only: only }) => type !== 'tmpfs' && only !== true)
    .map(({ target }) => target);

/** Variables of a service, but for what may be secret. */
export const plainOf = ({ environment = {} }: Service): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === null || looksSecret(name) ? [] : [[name, String(value)] as const],
    ),
  );

/** How often that is, where it is one of the usual ways to say so. */
export function usualOf(text: string): string | null {
  const named: Record<string, string> = {
    '@hourly': '1h',
    '@daily': '24h',
    '@midnight': '24h',
    '@weekly': '168h',
  };
  if (named[text]) return named[text];
  if (/^\d+$/.test(text)) return inUnits(Number(text));
  const duration = /^(?:@every\s+)?(\S+)$/.exec(text)?.[1] ?? '';
  if (parseDurationMs(duration)) return duration;
  const fields = text.trim().split(/\s+/);
  // Some begin with seconds.
  const [minute, hour, ...rest] = fields.length === 6 ? fields.slice(1) : fields;
  if (rest.join(' ') !== '* * *' || !/^\d+$/.test(minute ?? '')) return null;
  return hour === '*' ? '1h' : /^\d+$/.test(hour ?? '') ? '24h' : null;
}

function inUnits(seconds: number): string {
  if (seconds > 0 && seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds > 0 && seconds % 60 === 0 ? `${seconds / 60}m` : `${Math.max(1, seconds)}s`;
}
