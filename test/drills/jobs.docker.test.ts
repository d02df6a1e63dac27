import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detailOf, drillForReal, findingsThat, inRepository } from '../support/real-drill.ts';
import { jobs } from './job-cases.ts';

/** Redis is killed and started again by its policy; beside it, a job that is meant to end. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-jobs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a service that ends well by itself', { concurrent: true, timeout: 300_000 }, () => {
  it.for(jobs.map((one) => [one.name, one] as const))(
    '%s',
    async ([, { until, staysAway, exitCode, says }]) => {
      const stack = join(await mkdtemp(join(folder, 'case-')), 'compose.yml');
      const text = await readFile(inRepository('test/fixtures/jobs.compose.yml'), 'utf8');
      await writeFile(
        stack,
        text.replace('until UNTIL;', () => `until ${until.replaceAll('$', '$$$$').replaceAll("'", "''")};`),
      );
      const { result } = await drillForReal({
        strategy: {
          strategy: 'job',
          stack,
          components: { redis: { driver: 'redis', objectives: { rto: '1m', rpo: '5s' } } },
        },
        scenario: {
          scenario: 'job',
          title: 'A job beside a server that is killed',
          load: { tokens: { target: 'redis', rate: '200/s' } },
          fault: { crash: 'redis', at: '+8s' },
          recover: 'automatic',
          giveUp: '20s',
          settle: '2s',
          check: ['ledger'],
          staysAway,
        },
      });
      expect(findingsThat('fail', result)).toEqual(exitCode === 0 ? [] : ['ready-at-end/migrate']);
      expect(result.exitCode, findingsThat('inconclusive', result).join()).toBe(exitCode);
      const atEnd = detailOf(result, 'ready-at-end/migrate');
      if (says === null) expect(atEnd).toBe('there is no finding ready-at-end/migrate');
      else expect(atEnd).toMatch(says);
    },
  );
});
