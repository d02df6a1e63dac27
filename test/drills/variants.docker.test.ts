import { globSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { DrillResult } from '../../core/result.ts';
import { leftOf } from '../stack/small-stack.ts';
import { findingsThat } from '../support/real-drill.ts';
import { jsonOf, muster } from '../support/muster.ts';
import type { Files, Variant } from './variants/variant.ts';

const scenarios = join(import.meta.dirname, '../../scenarios');
const rows = await Promise.all(
  globSync('*.ts', { cwd: join(import.meta.dirname, 'variants') })
    .filter((file) => file !== 'variant.ts')
    .sort()
    .map((file) => import(join(import.meta.dirname, 'variants', file)) as Promise<{ variants: Variant[] }>),
);
const variants = rows
  .flatMap((row) => row.variants)
  .toSorted((a, b) => Number(b.long ?? false) - Number(a.long ?? false));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-variants-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
// One more than the scenarios: nothing here is to pass, so that a busy machine can spoil less.
const inTurn = pLimit(Number(process.env['MUSTER_TEST_JOBS'] ?? 3));

/** The scenario's folder anew, with the changes: each of the three files refers to the next one beside it. */
async function written({ scenario, change }: Variant): Promise<string> {
  const at = await mkdtemp(join(folder, `${basename(scenario)}-`));
  const original = join(scenarios, `${scenario}.yaml`);
  const scenarioText = await readFile(original, 'utf8');
  const strategyFile = resolve(dirname(original), (parse(scenarioText) as { strategy: string }).strategy);
  const strategyText = await readFile(strategyFile, 'utf8');
  const stackFile = resolve(dirname(strategyFile), (parse(strategyText) as { stack: string }).stack);
  const before: Files = {
    scenario: scenarioText,
    strategy: strategyText,
    stack: await readFile(stackFile, 'utf8'),
  };
  const after = change({ ...before });
  for (const file of Object.keys(before) as (keyof Files)[]) {
    if (after[file] !== before[file])
      expect(parse(after[file]), `the change of the ${file} changes nothing but words`).not.toEqual(
        parse(before[file]),
      );
  }
  expect(after, 'the variant changes nothing').not.toEqual(before);
  // Scripts that a scenario runs lie beside it.
  await cp(dirname(original), at, { recursive: true, filter: (file) => !/\.ya?ml$/.test(file) });
  await writeFile(join(at, 'compose.yml'), after.stack);
  await writeFile(join(at, 'strategy.yaml'), after.strategy.replace(/^stack:.*$/m, 'stack: ./compose.yml'));
  await writeFile(
    join(at, 'scenario.yaml'),
    after.scenario.replace(/^strategy:.*$/m, 'strategy: ./strategy.yaml'),
  );
  return at;
}

describe('every scenario with something taken away that it rests on', {
  concurrent: true,
  timeout: 1_800_000,
}, () => {
  it.for(variants.map((variant) => [variant.scenario, variant.why, variant] as const))(
    '%s: %s',
    ([, , variant]) =>
      inTurn(async () => {
        const at = await written(variant);
        const began = performance.now();
        const ended = await muster([
          'run',
          join(at, 'scenario.yaml'),
          '--json',
          '--seed',
          '7',
          '--out',
          join(at, 'out'),
        ]);
        const { result } =
          jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills[0] ??
          expect.fail(`no drill was judged: ${ended.stderr}`);
        console.log(
          `${variant.scenario}, ${variant.why}: ${Math.round((performance.now() - began) / 1000)} s`,
        );
        const red = findingsThat('fail', result);
        expect(
          {
            exitCode: ended.code,
            outcome: result.outcome,
            missed: variant.expect.fails.filter((id) => !red.includes(id)),
            red,
          },
          ended.stderr,
        ).toEqual({ exitCode: variant.expect.exitCode, outcome: 'completed', missed: [], red });
        if (variant.expect.exitCode === 1)
          expect(variant.expect.fails, 'a variant says which finding must be red').not.toEqual([]);
        expect(
          (await leftOf(result.drill)).map((each) => each.name),
          'left in the engine',
        ).toEqual([]);
      }),
  );
});

// A scenario that cannot be red proves nothing when it is green.
it('there is a variant of every scenario', () => {
  const all = globSync('**/*.yaml', { cwd: scenarios })
    .filter((file) => basename(file) !== 'strategy.yaml')
    .map((file) => file.replace(/\.yaml$/, ''));
  expect(all.filter((scenario) => !variants.some((variant) => variant.scenario === scenario))).toEqual([]);
});
