import { describe, expect, test } from 'vitest';
import type { Check, CheckOutcome } from '../../../core/driver.ts';
import { brief, type OfUse } from './of-use.ts';

export const judged = (outcome: CheckOutcome, red: RegExp | null): void => {
  expect(outcome, outcome.detail).toMatchObject({ verdict: red === null ? 'pass' : 'fail' });
  if (red !== null) expect(outcome.detail).toMatch(red);
};

/**
 * What the inventory says of each lock, and of one that ends. `end`: ends the transaction that `opening`
 * begins once the check `looking` is under way.
 */
export function locksSuite<Session>(
  locks: readonly OfUse[],
  {
    inventory,
    session,
    opening,
    end,
  }: {
    inventory(): Check;
    session(statements: readonly string[]): Promise<Session>;
    opening: readonly string[];
    end(open: Session): Promise<void>;
  },
): void {
  describe('a lock', { timeout: 60_000 }, () => {
    test.each(locks)('$name', async ({ statements, before, red }) => {
      const baseline = await inventory().before!();
      if (before) await session(statements);
      const justBefore = await inventory().justBefore!();
      if (!before) await session(statements);
      judged(await inventory().after(baseline, null, justBefore), red);
    });
    test(brief, async () => {
      const baseline = await inventory().before!();
      const justBefore = await inventory().justBefore!();
      const open = await session(opening);
      const looking = inventory().after(baseline, null, justBefore);
      await end(open);
      judged(await looking, null);
    });
  });
}
