import { describe, expect, test } from 'vitest';
import type { Attached } from '../../../core/driver.ts';
import type { OwnRecordCase } from './own-record-cases.ts';

interface SqlStack {
  attach(config: Record<string, unknown>): Promise<Attached>;
  sql(...statements: string[]): Promise<unknown>;
}

/** What the inventory says of tables of the application that could be taken for Muster's own. */
export function ownRecordSuite(cases: readonly OwnRecordCase[], stack: SqlStack): void {
  describe("where Muster's own records are", () => {
    test.each(cases)('$name: $verdict', async ({ config, make, spoil, clear, verdict, says }) => {
      const attached = await stack.attach(config);
      try {
        await stack.sql(...make);
        const check = attached.checks['inventory']!;
        const baseline = await check.before!();
        await stack.sql(...spoil);
        const outcome = await check.after(baseline, null, await check.justBefore!());
        expect(outcome, outcome.detail).toMatchObject({ verdict });
        expect(outcome.detail).toMatch(says);
      } finally {
        await stack.sql(...clear);
        await attached.close();
      }
    });
  });
}
