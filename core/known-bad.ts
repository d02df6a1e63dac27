import { z } from 'zod';

/** A run in which a check was seen to fail, as it should: what was spoilt, and the test that demands it. */
export const knownBadSchema = z.strictObject({
  spoilt: z.string().describe('What had been spoilt on purpose'),
  shownBy: z.string().describe("The test that runs it and demands red, by its path in Muster's repository"),
});
export type KnownBad = z.infer<typeof knownBadSchema>;

/** Of the check that Muster makes itself: everything that was written is read back and judged. */
export const ledgerKnownBad: KnownBad = {
  spoilt: 'a page of a table is older than the rest, so that rows are there twice, and nobody restores it',
  shownBy: 'test/drills/variants.docker.test.ts',
};

/** As a driver declares it of a check. `shownBy`: where it is not the test of that driver. */
export type DeclaredKnownBad = Omit<KnownBad, 'shownBy'> & Partial<KnownBad>;

export const knownBadOf = (driver: string, { spoilt, shownBy }: DeclaredKnownBad): KnownBad => ({
  spoilt,
  shownBy: shownBy ?? `test/drivers/${driver}.docker.test.ts`,
});
