import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takingTurns } from '../../../cli/turns.ts';
import type { DrillResult } from '../../../core/result.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import type { Scene } from '../../support/meddling.ts';
import { detailOf, drillForReal, findingsThat, inRepository } from '../../support/real-drill.ts';
import { mysqlScenario, mysqlStrategy } from '../../support/small-drills.ts';

const cases = inRepository('fixtures/field-cases');
const wholeDump = 'mysqldump -hmysql -uroot --set-gtid-purged=OFF --single-transaction --routines --events app > /backups/app.sql';

/** What people's own scripts lost, and what was compared over nothing. `says`: the inventory's words. */
interface Case { name: string; scenario: string; sql?: string; script?: string; env?: Record<string, string>; exitCode: 0 | 1 | 2; says?: RegExp[] }
const rows: Case[] = [
  { name: 'F11, routines and events left out', scenario: 'scripts', script: 'F11', exitCode: 1, says: [/PROCEDURE app\.raise_prices is missing/, /FUNCTION app\.with_tax is missing/, /EVENT app\.nightly is missing/] },
  { name: 'F11, its control with both', scenario: 'scripts', script: 'F11', env: { CASE_BACKUP: wholeDump }, exitCode: 0 },
  { name: 'F12, the exit code of a pipe', scenario: 'scripts', script: 'F12', exitCode: 1, says: [/TABLE app\.item is missing/] },
  { name: 'F14, emoji', scenario: 'scripts', script: 'F14', exitCode: 1, says: [/rows of app\.note: 3 rows, and not all as before/] },
  { name: 'F14, its control in four bytes', scenario: 'scripts', script: 'F14', env: { CASE_BACKUP: wholeDump }, exitCode: 0 },
  { name: 'F17, persisted settings are kept', scenario: 'mysql.dump', sql: 'F17', exitCode: 0 },
  { name: 'F39, rows deleted from an empty table', scenario: 'F39', sql: 'F39', exitCode: 2 },
  { name: 'F46, a check over nothing', scenario: 'F46', sql: 'F46', exitCode: 2, says: [/0 rows of 1 tables were compared/] },
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-field-inventory-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const inTurn = takingTurns(2);

describe('what was lost is named, and what was not is no alarm', { concurrent: true, timeout: 600_000 }, () => {
  it.for(rows.map((one) => [one.name, one] as const))('%s', ([, { scenario, sql, script, env, exitCode, says = [] }]) => inTurn(async () => {
    const own = script ? (parseEnv(await readFile(join(cases, `${script}.env`), 'utf8')) as Record<string, string>) : {};
    const file = join(cases, sql ? `${sql}.sql` : own['CASE_SQL']!);
    const out = await mkdtemp(join(folder, 'drill-'));
    const ended = await muster(['run', join(cases, `${scenario}.yaml`), '--json', '--seed', '7', '--out', out], { env: { ...own, ...env, CASE_SQL: file } });
    const { result } = jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills[0] ?? expect.fail(`no drill was judged: ${ended.stderr}`);
    const inventory = detailOf(result, 'check/mysql.inventory');
    expect(ended.code, `${inventory}\nred: ${findingsThat('fail', result).join()}\n${ended.stderr}`).toBe(exitCode);
    if (says.length > 0 && exitCode === 1) expect(findingsThat('fail', result)).toContain('check/mysql.inventory');
    for (const words of says) expect(inventory).toMatch(words);
    expect((await leftOf(result.drill)).map((each) => each.name), 'left in the engine').toEqual([]);
  }));
});

const atTheServer = async ({ stack, environment }: Scene, ...statements: string[]): Promise<void> => {
  const { code, stderr } = await stack.services.get('mysql')!.exec(['mysql', '--user=root', 'app'], { env: { MYSQL_PWD: environment['MYSQL_ROOT_PASSWORD']! }, stdin: statements.join('\n') });
  expect(code, stderr).toBe(0);
};

describe('accounts that an older backup brings back', { concurrent: true, timeout: 600_000 }, () => {
  it('F09, a password that was changed after the first recovery point, is named and no fault', async () => {
    const [seed, rotation] = await Promise.all(['F09.seed.sql', 'F09.sql'].map((name) => readFile(join(cases, name), 'utf8')));
    const { result } = await drillForReal({
      strategy: mysqlStrategy(), scenario: mysqlScenario(),
      meddling: { up: (scene) => atTheServer(scene, seed!), backup: async (scene, number) => (number === 2 ? atTheServer(scene, rotation!) : undefined) },
    });
    expect(findingsThat('fail', result)).toEqual([]);
    expect(result.findings.find(({ id }) => id === 'check/mysql.inventory')).toMatchObject({
      verdict: 'pass', detail: expect.stringContaining('account shop@% has older password, plugin or attributes again than just before the fault') as string,
    });
  });
});
