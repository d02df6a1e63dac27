import { describe, expect, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { judgeBundle } from '../../evidence/bundle.ts';
import { proofsIn } from '../../evidence/proven.ts';
import { drillInMemory, type MemoryDrill } from '../support/memory-drill.ts';
import { unproven, type UnprovenCase } from './unproven-cases.ts';

async function provenBy(drill: MemoryDrill): Promise<{ verdict: string; proven: string[] }> {
  const { folder, result } = await drillInMemory(drill);
  const proofs = proofsIn(judgeBundle(folder, registries));
  return {
    verdict: result.verdict,
    proven: proofs.map(({ backup }) => backup.replace(/^store-\w+/, 'store')),
  };
}

describe('a drill that passed proves', { timeout: 60_000 }, () => {
  test.each<UnprovenCase>(unproven)('$name', async ({ drill, proven, beside }) => {
    expect(await provenBy(drill)).toEqual({ verdict: 'pass', proven });
    expect(await provenBy(beside.drill)).toEqual({ verdict: 'pass', proven: beside.proven });
  });
});
