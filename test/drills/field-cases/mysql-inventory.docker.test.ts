import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../core/result.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import type { Scene } from '../../support/tampering.ts';
import { detailOf, drillForReal, findingsThat, inRepository } from '../../support/real-drill.ts';
import { mysqlScenario, mysqlStrategy } from '../../support/small-drills.ts';
import { inventories } from './mysql-cases.ts';
import { accounts } from './told-cases.ts';

const cases = inRepository('fixtures/field-cases');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-field-inventory-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const inTurn = pLimit(2);

describe('what was lost is named, and what was not is no alarm', {
  concurrent: true,
  timeout: 600_000,
}, () => {
  it.for(inventories.map((one) => [one.name, one] as const))(
    '%s',
    ([, { scenario, sql, script, env, exitCode, says = [], told }]) =>
      inTurn(async () => {
        const own = script
          ? (parseEnv(await readFile(join(cases, `${script}.env`), 'utf8')) as Record<string, string>)
          : {};
        const file = join(cases, sql ? `${sql}.sql` : own['CASE_SQL']!);
        const out = await mkdtemp(join(folder, 'drill-'));
        const ended = await muster(
          ['run', join(cases, `${scenario}.yaml`), '--json', '--seed', '7', '--out', out],
          { env: { ...own, ...env, CASE_SQL: file } },
        );
        const { result } =
          jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills[0] ??
          expect.fail(`no drill was judged: ${ended.stderr}`);
        const inventory = detailOf(result, 'check/mysql.inventory');
        expect(ended.code, `${inventory}\nred: ${findingsThat('fail', result).join()}\n${ended.stderr}`).toBe(
          exitCode,
        );
        if (says.length > 0 && exitCode === 1)
          expect(findingsThat('fail', result)).toContain('check/mysql.inventory');
        for (const words of says) expect(inventory).toMatch(words);
        if (told)
          expect(await readFile(join(out, 'drills', result.drill, 'events.jsonl'), 'utf8')).toMatch(told);
        const lockedOut = result.findings.filter(
          ({ id, verdict }) => id.startsWith('availability/') && verdict === 'fail',
        );
        expect(
          lockedOut.map(({ detail }) => detail),
          'clients before the fault',
        ).toEqual([]);
        expect(
          (await leftOf(result.drill)).map((each) => each.name),
          'left in the engine',
        ).toEqual([]);
      }),
  );
});

it(accounts.brokenView, { timeout: 600_000 }, () =>
  inTurn(async () => {
    const out = await mkdtemp(join(folder, 'drill-'));
    const ended = await muster(
      ['run', join(cases, 'mysql.dump.yaml'), '--json', '--seed', '7', '--out', out],
      { env: { CASE_SQL: join(cases, 'F10.sql') } },
    );
    expect(ended.code, ended.stderr).toBe(69);
    const { result } = jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills[0]!;
    const events = await readFile(join(out, 'drills', result.drill, 'events.jsonl'), 'utf8');
    expect(events).toContain('by_colour');
    expect(events).not.toMatch(/"type":"(fault\.begun|backup\.durable)"/);
  }),
);

const atTheServer = async ({ stack, environment }: Scene, ...statements: string[]): Promise<void> => {
  const { code, stderr } = await stack.services.get('mysql')!.exec(['mysql', '--user=root', 'app'], {
    env: { MYSQL_PWD: environment['MYSQL_ROOT_PASSWORD']! },
    stdin: statements.join('\n'),
  });
  expect(code, stderr).toBe(0);
};

describe('accounts that an older backup brings back', { concurrent: true, timeout: 600_000 }, () => {
  it(accounts.older, async () => {
    const [seed, rotation] = await Promise.all(
      ['F09.seed.sql', 'F09.sql'].map((name) => readFile(join(cases, name), 'utf8')),
    );
    const { result } = await drillForReal({
      strategy: mysqlStrategy(),
      scenario: mysqlScenario(),
      tampering: {
        up: (scene) => atTheServer(scene, seed!),
        backup: async (scene, number) => (number === 2 ? atTheServer(scene, rotation!) : undefined),
      },
    });
    expect(findingsThat('fail', result)).toEqual([]);
    expect(result.findings.find(({ id }) => id === 'check/mysql.inventory')).toMatchObject({
      verdict: 'pass',
      detail: expect.stringContaining(
        'account shop@% has older password, plugin or attributes again than just before the fault',
      ) as string,
    });
  });
});
