import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { DrillResult } from '../../core/result.ts';
import { leftOf } from '../stack/small-stack.ts';
import { jsonOf, muster, type Ended } from '../support/muster.ts';
import { findingsThat } from '../support/real-drill.ts';
import { redisScenario, redisStrategy } from '../support/small-drills.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-restore-test-'));
const env = { MUSTER_BACKUP_KEY: 'cd'.repeat(32) };
/** What a user knows of the data: so many keys at least. */
const enough = (keys: number): object => ({
  command: ['sh', '-c', `[ "$(redis-cli DBSIZE | tr -dc 0-9)" -ge ${keys} ]`],
  in: 'redis',
});

const inFolder = (args: string[]): Promise<Ended> => muster(args, { cwd: folder, env });
const restoreTest = async (check: string): Promise<{ code: number | null; result: DrillResult }> => {
  const ended = await inFolder(['restore-test', 'strategy.yaml', 'redis', '--check', check, '--json']);
  const { result } =
    jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills[0] ??
    expect.fail(`nothing was judged: ${ended.stderr}`);
  expect(await leftOf(result.drill)).toEqual([]);
  return { code: ended.code, result };
};

beforeAll(async () => {
  const strategy = {
    ...redisStrategy(),
    stores: {
      volume: { kind: 'directory', path: './kept' },
      offsite: { kind: 's3', service: 's3-west', bucket: 'backups' },
    },
    invariants: { some: enough(100), many: enough(10_000_000), any: enough(0) },
  };
  writeFileSync(join(folder, 'strategy.yaml'), stringify(strategy));
  writeFileSync(
    join(folder, 'scenario.yaml'),
    stringify({
      strategy: './strategy.yaml',
      ...redisScenario({ recover: [{ restore: 'redis', from: 'volume' }] }),
    }),
  );
  const { code, stdout, stderr } = await inFolder(['run', 'scenario.yaml', '--out', 'before']);
  expect(code, stdout + stderr).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a restore test of what an earlier drill of Redis left in a folder of the user', () => {
  it('passes where the data holds what the user knows of it, on a server that was empty', async () => {
    const { code, result } = await restoreTest('some');
    expect(findingsThat('fail', result)).toEqual([]);
    expect(code).toBe(0);
  });
  it('is inconclusive where what the user asks holds of an empty server as well', async () => {
    const { code, result } = await restoreTest('any');
    expect(code).toBe(2);
    expect(findingsThat('inconclusive', result)).toEqual(['restored']);
    expect(findingsThat('fail', result)).toEqual([]);
  });
  it('fails where it does not', async () => {
    const { code, result } = await restoreTest('many');
    expect(code).toBe(1);
    expect(findingsThat('fail', result)).toContain('check/many');
  });
  it('fails where the snapshot was cut short in the store', async () => {
    for (const file of globSync('kept/**/files/*', { cwd: folder })) {
      const at = join(folder, file);
      const bytes = readFileSync(at);
      writeFileSync(at, bytes.subarray(0, bytes.length / 2));
    }
    const { code, result } = await restoreTest('some');
    expect(code).toBe(1);
    expect(findingsThat('fail', result)).toContain('recovery');
  });
});
