import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { expect } from 'vitest';
import { registries as allRegistries } from '../../cli/registries.ts';
import { systemClock } from '../../core/clock.ts';
import { looksSecret } from '../../core/masking.ts';
import type { Registries } from '../../core/registries.ts';
import type { DrillResult } from '../../core/result.ts';
import type { Stack } from '../../core/stack.ts';
import type { TimelineEvent } from '../../core/timeline.ts';
import { readChain } from '../../evidence/chain.ts';
import { judgeBundle, judgeRun, writeReports } from '../../evidence/bundle.ts';
import { runDrill } from '../../engine/drill.ts';
import { planDrill } from '../../engine/plan.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { secretsFor } from '../../stack/run-environment.ts';
import { existingReader } from '../../stores/existing/reader.ts';
import { createRepository } from '../../stores/repository.ts';
import { leftOf } from '../stack/small-stack.ts';
import {
  meddledProvider,
  meddledRegistries,
  meddledRepository,
  type Tampering,
  type Scene,
} from './tampering.ts';

export const inRepository = (path: string): string =>
  fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Two at once: more than that, and on two cores the drills measure one another. */
const inTurn = pLimit(2);

export interface RealDrill {
  /** A scenario file; relative to the repository. */
  file?: string;
  /** Or a scenario as it would stand in the file; and its strategy, unless the scenario names one. */
  scenario?: Record<string, unknown>;
  strategy?: Record<string, unknown>;
  tampering?: Tampering;
  registries?: Registries;
}

export interface RanForReal {
  result: DrillResult;
  events: TimelineEvent[];
  folder: string;
}

/**
 * Plans, runs and judges a drill as `muster run` does: real containers, real backups, real time. Whatever the
 * verdict, the bundle must be whole, give the same result again, and nothing of the drill may be left in the
 * engine. With MUSTER_TEST_KEEP in the environment its folder stays, for a look at what was red.
 */
export const drillForReal = (drill: RealDrill): Promise<RanForReal> =>
  inTurn(async () => {
    const home = mkdtempSync(join(tmpdir(), 'muster-real-drill-'));
    try {
      return await drillIn(home, drill);
    } finally {
      if (!process.env['MUSTER_TEST_KEEP']) rmSync(home, { recursive: true, force: true });
    }
  });

async function drillIn(
  home: string,
  { file, scenario, strategy, tampering = {}, registries = allRegistries }: RealDrill,
): Promise<RanForReal> {
  let environment: Record<string, string> = {};
  let up: Stack | null = null;
  const scene = (): Scene => {
    const id = up!.project.replace(/^muster-/, '');
    return { stack: up!, environment, storesFolder: join(home, 'drills', id, 'stores') };
  };
  const provider = meddledProvider(createStackProvider({ progress: () => undefined }), async (stack) => {
    up = stack;
    await tampering.up?.(scene());
  });
  const used = meddledRegistries(registries, tampering, scene);
  const plan = await planDrill(
    file ? inRepository(file) : written(home, scenario!, strategy ?? {}),
    used,
    provider,
  );
  const secrets = await secretsFor(plan.stackFile, plan.stackOverrides);
  environment = secrets.generated;
  const makeRepository = meddledRepository(createRepository, tampering, scene);
  const dependencies = {
    registries: used,
    provider,
    makeRepository,
    existing: existingReader,
    clock: systemClock,
    environment,
    projectEnvironment: secrets.project,
    home,
    version: 'test',
    host: {},
    progress: () => undefined,
  };
  const { id, folder, error } = await runDrill(plan, dependencies, {
    seed: 7,
    keepStack: false,
    signal: new AbortController().signal,
  });
  const judged = judgeRun(folder, used);
  await writeReports(folder, judged, used);
  const { result } = judged;
  const { damage } = judgeBundle(folder, used);
  expect(error, 'the drill ran to its end').toBeNull();
  expect(damage).toBeNull();
  expect(judgeBundle(folder, allRegistries).result).toEqual(
    JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')),
  );
  expect(
    (await leftOf(id)).map((each) => each.name),
    'left in the engine',
  ).toEqual([]);
  const text = readFileSync(join(folder, 'events.jsonl'), 'utf8');
  for (const [name, secret] of Object.entries({ ...environment, ...secrets.project })) {
    if (!looksSecret(name)) continue;
    if (!/_CERT$|_CA$/.test(name)) expect(text.includes(secret), `${name} is on the timeline`).toBe(false);
  }
  return { result, events: readChain(text).events, folder };
}

/** As files: JSON is YAML. */
function written(home: string, scenario: Record<string, unknown>, strategy: Record<string, unknown>): string {
  writeFileSync(join(home, 'strategy.yaml'), JSON.stringify(strategy));
  writeFileSync(join(home, 'scenario.yaml'), JSON.stringify({ strategy: './strategy.yaml', ...scenario }));
  return join(home, 'scenario.yaml');
}

/** Ids of the findings with this verdict, sorted. */
export const findingsThat = (verdict: 'fail' | 'inconclusive', { findings }: DrillResult): string[] =>
  findings
    .filter((one) => one.verdict === verdict)
    .map((one) => one.id)
    .sort();

export const detailOf = ({ findings }: DrillResult, id: string): string =>
  findings.find((one) => one.id === id)?.detail ?? `there is no finding ${id}`;
