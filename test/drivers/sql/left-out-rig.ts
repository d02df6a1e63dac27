import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Attached } from '../../../core/driver.ts';
import { leftOutConfig, leftOutTablesOf, type LeftOutCase } from './left-out-cases.ts';

interface SqlStack {
  attach(config: Record<string, unknown>): Promise<Attached>;
  sql(...statements: string[]): Promise<unknown>;
}

/** What the inventory says of tables whose rows are not compared. */
export function leftOutSuite(cases: readonly LeftOutCase[], schema: string, stack: SqlStack): void {
  describe('rows that are not compared', () => {
    let attached: Attached;
    beforeAll(async () => {
      attached = await stack.attach(leftOutConfig(schema));
    });
    afterAll(() => attached?.close());
    beforeEach(() => stack.sql(...leftOutTablesOf(schema)));

    test.each(cases)('$name', async ({ before, after, says, lost }) => {
      const check = attached.checks['inventory']!;
      const baseline = await check.before!();
      if (before.length > 0) await stack.sql(...before);
      const justBefore = await check.justBefore!();
      if (after.length > 0) await stack.sql(...after);
      const outcome = await check.after(baseline, null, justBefore);
      expect(outcome, outcome.detail).toMatchObject({ verdict: lost ? 'inconclusive' : 'pass' });
      expect(outcome.detail).toMatch(says);
      expect(outcome.nothing).toBeUndefined();
    });
  });
}
