import { formatDuration } from '../core/units.ts';

/** What is pulled, built or installed takes its time, and has an end all the same. */
export const longMs = 30 * 60_000;

/** `pulling redis:8 (at most 30 min)`: what is waited for, for who watches. */
export const saying = (what: string, deadlineMs: number): string =>
  `${what} (at most ${formatDuration(deadlineMs)})`;
