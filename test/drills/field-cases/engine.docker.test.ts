import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../core/result.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import { findingsThat, inRepository } from '../../support/real-drill.ts';

const cases = inRepository('fixtures/field-cases');
const direct = 'redis: { driver: redis, ';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-field-engine-'));
  for (const name of ['F41.compose.yml', 'F41.yaml'])
    await writeFile(join(folder, name), await readFile(join(cases, name)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function drill(
  alter: (strategy: string) => string,
): Promise<{ code: number | null; result: DrillResult }> {
  const strategy = await readFile(join(cases, 'F41.strategy.yaml'), 'utf8');
  await writeFile(join(folder, 'F41.strategy.yaml'), alter(strategy));
  const ended = await muster([
    'run',
    join(folder, 'F41.yaml'),
    '--json',
    '--seed',
    '7',
    '--out',
    await mkdtemp(join(folder, 'out-')),
  ]);
  const { result } =
    jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills[0] ??
    expect.fail(`no drill was judged: ${ended.stderr}`);
  return { code: ended.code, result };
}

describe("F41, the fault is in nobody's way", { timeout: 300_000 }, () => {
  it('latency at a proxy that no client comes by is inconclusive', async () => {
    const { code, result } = await drill((strategy) => strategy);
    expect(findingsThat('fail', result)).toEqual([]);
    expect(findingsThat('inconclusive', result)).toContainEqual(
      expect.stringMatching(/^route\/latency\/way\//),
    );
    expect(code).toBe(2);
  });
  it('its control, with clients that come by it, is no such finding', async () => {
    const { result } = await drill((strategy) =>
      strategy.replace(direct, `${direct}clients: { service: toxiproxy, port: 6379 }, `),
    );
    expect(result.findings.find(({ id }) => id.startsWith('route/latency/way/'))).toMatchObject({
      verdict: 'pass',
    });
  });
});
