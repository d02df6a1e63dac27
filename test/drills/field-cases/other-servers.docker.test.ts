import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../core/result.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster, type Ended } from '../../support/muster.ts';
import { findingsThat, inRepository } from '../../support/real-drill.ts';
import { imagesOf } from '../../support/running-copy.ts';

const cases = inRepository('fixtures/field-cases');
let images: Record<string, string>;
let out: string;
beforeAll(async () => {
  images = await imagesOf(join(cases, 'F35.compose.yml'));
  out = await mkdtemp(join(tmpdir(), 'muster-field-servers-'));
}, 600_000);
afterAll(() => rm(out, { recursive: true, force: true }));

async function drill(
  scenario: string,
  env: Record<string, string> = {},
): Promise<{ ended: Ended; result: DrillResult }> {
  const ended = await muster(['run', join(cases, scenario), '--json', '--seed', '7', '--out', out], { env });
  const { result } =
    jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills?.[0] ??
    expect.fail(`no drill was judged: ${ended.stderr}`);
  expect(await leftOf(result.drill)).toEqual([]);
  return { ended, result };
}

/** By their images' names: `test/engine/field-case-plans.test.ts`. */
describe('F35, what people run instead of MySQL and Redis', { timeout: 600_000 }, () => {
  it('MariaDB and Valkey lose their data and are brought back', async () => {
    const { ended, result } = await drill('F35.yaml');
    expect(
      {
        code: ended.code,
        red: findingsThat('fail', result),
        open: findingsThat('inconclusive', result),
        servers: result.servers,
      },
      ended.stderr,
    ).toEqual({
      code: 0,
      red: [],
      open: [],
      servers: {
        mariadb: expect.stringMatching(/^MariaDB 1\d\./),
        valkey: expect.stringMatching(/^Valkey [89]\./),
      },
    });
    for (const { acknowledged } of result.loads) expect(acknowledged).toBeGreaterThan(50);
  });

  it('an older Redis under a name that says nothing is refused by what it says itself, before anything is broken', async () => {
    const redis = images['MUSTER_IMAGE_REDIS_7_0']!;
    const { ended, result } = await drill('F35.older.yaml', { MUSTER_IMAGE_REDIS_7_0: redis });
    expect(ended.code, ended.stdout).toBe(69);
    expect(result.faults).toEqual([]);
    expect(ended.stdout + ended.stderr).toMatch(/this Redis is too old/);
    expect(ended.stdout + ended.stderr).toMatch(/7\.0\.\d+[^]*7\.2 or newer/);
  });
});
