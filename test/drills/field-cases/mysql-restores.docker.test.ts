import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../core/result.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import { findingsThat, inRepository } from '../../support/real-drill.ts';
import { restores } from './mysql-cases.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-field-mysql-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const inTurn = pLimit(2);

describe('what is restored comes back whole', { concurrent: true, timeout: 600_000 }, () => {
  it.for(restores.map((one) => [one.name, one] as const))(
    '%s',
    ([, { scenario, sql, env, exitCode, says }]) =>
      inTurn(async () => {
        const cases = inRepository('fixtures/field-cases');
        const out = await mkdtemp(join(folder, `${sql}-`));
        const ended = await muster(
          ['run', join(cases, `${scenario}.yaml`), '--json', '--seed', '7', '--out', out],
          { env: { CASE_SQL: join(cases, `${sql}.sql`), ...env } },
        );
        const { result } =
          jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills[0] ??
          expect.fail(`no drill was judged: ${ended.stderr}`);
        expect({ exitCode: ended.code, red: findingsThat('fail', result) }, ended.stderr).toEqual({
          exitCode,
          red: [],
        });
        if (says)
          expect(await readFile(join(out, 'drills', result.drill, 'events.jsonl'), 'utf8')).toMatch(says);
        expect(
          (await leftOf(result.drill)).map((each) => each.name),
          'left in the engine',
        ).toEqual([]);
      }),
  );
});
