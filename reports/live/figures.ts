import type { Progress } from '../../core/progress.ts';
import { formatBytes, formatCount } from '../../core/units.ts';

export type Work = Extract<Progress, { kind: 'work' }>;
export type Client = Extract<Progress, { kind: 'client' }>;

/** `1.2 GiB of 1.9 GiB`, `812 events`: of a whole only where its size is known. */
export function workText({ done, total, unit }: Work): string {
  const amount = unit === 'bytes' ? formatBytes : formatCount;
  const whole = total === null ? '' : ` of ${amount(total)}`;
  return unit === 'bytes' ? `${amount(done)}${whole}` : `${amount(done)}${whole} ${unit}`;
}

/** Between 0 and 1; null where the size is not known or nought. */
export const shareOf = ({ done, total }: Work): number | null =>
  total === null || total <= 0 ? null : Math.min(1, Math.max(0, done / total));

export const clientText = ({ perSecond, failing, failedPerSecond }: Client): string =>
  failing
    ? `FAILING  ${formatCount(failedPerSecond)}/s failed, ${formatCount(perSecond)}/s right`
    : `${formatCount(perSecond)}/s right`;

const turns = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Shows that something goes on; turns ten times a second. */
export const spinner = (nowMs: number): string => turns[Math.floor(nowMs / 100) % turns.length]!;
