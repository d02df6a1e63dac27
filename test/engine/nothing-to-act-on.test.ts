import { describe, expect, test } from 'vitest';
import { drillInMemory } from '../support/memory-drill.ts';

describe('a fault that found nothing to act on', () => {
  const seed = (rows: number): string => `[{ run: seed, with: { rows: ${rows} } }]`;
  const fault = '{ delete-rows: store, table: accounts, at: +5s }';
  test('shows nothing: the drill is inconclusive, and no trouble of the environment', async () => {
    const { result } = await drillInMemory({
      scenario: { seed: seed(0), fault, giveUp: '4s', impact: 'none' },
    });
    expect(
      result.findings.filter(({ verdict }) => verdict === 'fail').map(({ id, detail }) => `${id}: ${detail}`),
    ).toEqual([]);
    expect(result).toMatchObject({ outcome: 'completed', verdict: 'inconclusive', exitCode: 2 });
    expect(result.findings.find(({ id }) => id.startsWith('witness/delete-rows/'))).toMatchObject({
      verdict: 'inconclusive',
    });
  });
  test('its control deletes rows, and has its witness', async () => {
    const { result } = await drillInMemory({ scenario: { seed: seed(50), fault, giveUp: '8s' } });
    expect(result.findings.find(({ id }) => id.startsWith('witness/delete-rows/'))).toMatchObject({
      verdict: 'pass',
    });
    expect(result.exitCode).toBe(0);
  });
});
