import { describe, expect, it, vi } from 'vitest';
import { drillForReal, findingsThat } from '../support/real-drill.ts';

vi.stubEnv('API_TOKEN', 'a token that only this test knows');

/** An ordinary service of orders, known by its own interface alone: `test/fixtures/orders`. */
describe('a service that its own HTTP interface describes', { timeout: 600_000 }, () => {
  it('loses what the snapshot lacks, within its RPO, and has back the rest', async () => {
    const { result } = await drillForReal({ file: 'test/fixtures/orders/volume-lost.yaml' });
    expect(findingsThat('fail', result)).toEqual([]);
    expect(result.verdict).toBe('pass');
    const orders = result.loads.find(({ load }) => load === 'orders')!;
    expect(orders.classes!.lost).toBeGreaterThan(0);
    expect(orders.classes!.survived).toBeGreaterThan(0);
    expect(result.findings.flatMap(({ id, verdict }) => (verdict === 'pass' ? [id] : []))).toEqual(
      expect.arrayContaining([
        ...['phantom', 'corrupt', 'duplicated', 'hole'].map((rule) => `integrity/orders/${rule}`),
        'sustained/crowd',
      ]),
    );
  });

  it('fails where it acknowledges and forgets: what it took after the recovery does not stay', async () => {
    vi.stubEnv('FORGETS', '4');
    const { result } = await drillForReal({ file: 'test/fixtures/orders/volume-lost.yaml' });
    vi.stubEnv('FORGETS', '0');
    expect(findingsThat('fail', result)).toContain('integrity/orders/lost-after-recovery');
  });
});
