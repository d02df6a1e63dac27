import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takingTurns } from '../../../cli/turns.ts';
import type { DrillResult } from '../../../core/result.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import { findingsThat, inRepository } from '../../support/real-drill.ts';

/** Restores that failed for people, as they would run them. Each is right when it comes back whole. */
interface Case { name: string; scenario: 'mysql.dump' | 'mysql.pitr'; sql: string; env?: Record<string, string>; says?: RegExp }
const cases: Case[] = [
  { name: 'F03, a table that only a lax server accepts', scenario: 'mysql.dump', sql: 'F03', says: /innodb_strict_mode is OFF for the load, ON at the source/ },
  { name: 'F04, a foreign key to a column that is not unique', scenario: 'mysql.dump', sql: 'F04', says: /restrict_fk_on_non_standard_key is OFF for the load, ON at the source/ },
  { name: 'F05, point in time on a server without GTIDs', scenario: 'mysql.pitr', sql: 'F05', env: { CASE_GTID: 'OFF' } },
  { name: 'F05, its control with GTIDs', scenario: 'mysql.pitr', sql: 'F05' },
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-field-mysql-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const inTurn = takingTurns(2);

describe('what is restored comes back whole', { concurrent: true, timeout: 600_000 }, () => {
  it.for(cases.map((one) => [one.name, one] as const))('%s', ([, { scenario, sql, env, says }]) => inTurn(async () => {
    const cases = inRepository('fixtures/field-cases');
    const out = await mkdtemp(join(folder, `${sql}-`));
    const ended = await muster(['run', join(cases, `${scenario}.yaml`), '--json', '--seed', '7', '--out', out], { env: { CASE_SQL: join(cases, `${sql}.sql`), ...env } });
    const { result } = jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills[0] ?? expect.fail(`no drill was judged: ${ended.stderr}`);
    expect({ exitCode: ended.code, red: findingsThat('fail', result) }, ended.stderr).toEqual({ exitCode: 0, red: [] });
    if (says) expect(await readFile(join(out, 'drills', result.drill, 'events.jsonl'), 'utf8')).toMatch(says);
    expect((await leftOf(result.drill)).map((each) => each.name), 'left in the engine').toEqual([]);
  }));
});
