import { expect } from 'vitest';
import type { Consistency } from '../../core/backup.ts';
import { NoRecoveryPoint } from '../../core/errors.ts';
import type { OwnRun } from './own-scripts.ts';

/** The next one, while something is done; the first look was had by then. */
export async function nextWhile(own: OwnRun, act: () => unknown, withinMs: number): Promise<Consistency> {
  const coming = own.next(withinMs);
  coming.catch(() => undefined);
  await own.looked(1);
  await act();
  return coming;
}

/** Why what was waited for is no recovery point. */
export async function refusal(coming: Promise<unknown>): Promise<string> {
  const error: unknown = await coming.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(NoRecoveryPoint);
  return (error as Error).message;
}
