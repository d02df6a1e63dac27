import { randomBytes } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { registries } from '../../cli/registries.ts';
import { systemClock, type Clock } from '../../core/clock.ts';
import type { Progress } from '../../core/progress.ts';
import type { Registries } from '../../core/registries.ts';
import type { DrillResult } from '../../core/result.ts';
import type { StackProvider } from '../../core/stack.ts';
import { agreementDamage } from '../../evidence/agreement.ts';
import { judgeRun, writeReports } from '../../evidence/bundle.ts';
import type { EngineDependencies } from '../../engine/drill-context.ts';
import { runDrill } from '../../engine/drill.ts';
import { planDrill, type Plan } from '../../engine/plan.ts';
import { timelineDamage } from '../../evidence/timeline-damage.ts';
import { existingReader } from '../../stores/existing/reader.ts';
import { createRepository } from '../../stores/repository.ts';
import { scratch } from './scratch.ts';
import { createVirtualClock } from './virtual-clock.ts';
import { eventsIn } from './recorded.ts';

const backupKey = randomBytes(32).toString('hex');

/** For `stack: none`: nothing may ask for containers. */
export const noStacks: StackProvider = {
  describe: () => Promise.reject(new Error('no stack was expected')),
  contain: () => Promise.reject(new Error('no stack was expected')),
  up: () => Promise.reject(new Error('no stack was expected')),
};

export interface MemoryDrill {
  config?: string;
  /** More components, whose names no other drill has: `{ shop: '{ driver: memory }' }`. */
  beside?: Record<string, string>;
  every?: string;
  rpo?: string;
  /**
   * Stores in the place of the two folders, as they stand in the file: `{ b: '{ kind: directory, path: /x
   * }' }`.
   */
  stores?: Record<string, string>;
  /** More of the snapshot backup, or in the place of what it says: `{ keep: '{ points: 2 }' }`. */
  backup?: Record<string, string>;
  /** Lines of the scenario that replace those of the same key. */
  scenario?: Record<string, string>;
  /** Steps may be commands on this machine, which take its time. */
  hostCommands?: boolean;
  registries?: Registries;
  signal?: AbortSignal;
  seed?: number;
  /** Leave the stores for a look. */
  keepStack?: boolean;
  /** `clock`: of the drill. */
  progress?(progress: Progress, clock: Clock): void;
  /** Alters the data of every recovery point in store b as soon as the recovery begins. */
  tamper?: ((bytes: Uint8Array) => Uint8Array) | ((bytes: Uint8Array) => void);
}

/** The two stores as folders of one that outlives the drill, so that another drill finds what is there. */
export const storesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(['a', 'b'].map((name) => [name, `{ kind: directory, path: ${join(folder, name)} }`]));

/** A key that is set to nothing is left out. */
const scenarioLines = (change: Record<string, string> = {}): string =>
  Object.entries({
    scenario: 'memory',
    strategy: './strategy.yaml',
    title: 'A drill in memory',
    timeScale: '30',
    points: '2',
    settle: '2s',
    giveUp: '8s',
    load: '{ rows: { target: store, rate: 200/s } }',
    protect: '[store.snapshot]',
    fault: '{ wipe-volume: store, at: worst }',
    recover: '[{ restore: store, from: b }]',
    check: '[ledger]',
    ...change,
  })
    .map(([key, value]) => (value === '' ? '' : `${key}: ${value}\n`))
    .join('');

export function memoryFiles(
  {
    config = '{}',
    every = '1m',
    rpo = '15m',
    backup = {},
    stores = {},
    beside = {},
    hostCommands = false,
    scenario,
  }: MemoryDrill = {},
  component?: string,
): { folder: string; file: string } {
  const folder = mkdtempSync(join(scratch, 'memory-'));
  // The driver keeps its databases by the component's name, in this process: drills side by side must not
  // meet.
  const own = (text: string): string =>
    text.replaceAll(/\bstore\b(?!-)/g, component ?? `store-${basename(folder).slice(-6).toLowerCase()}`);
  writeFileSync(
    join(folder, 'strategy.yaml'),
    own(`strategy: memory
stack: none
${hostCommands ? 'hostCommands: true\n' : ''}components:
${Object.entries(beside)
  .map(([name, text]) => `  ${name}: ${text}\n`)
  .join('')}  store:
    driver: memory
    objectives: { rto: 5m, rpo: ${rpo} }
    config: ${config}
    backups:
      snapshot: { ${Object.entries({ method: 'copy', every, encrypt: 'aes-256', copies: '[a, b]', ...backup })
        .map(([key, value]) => `${key}: ${value}`)
        .join(', ')} }
      log: { method: journal, encrypt: aes-256, copies: [a] }
stores:
  a: ${stores['a'] ?? '{ kind: directory }'}
  b: ${stores['b'] ?? '{ kind: directory }'}
`),
  );
  writeFileSync(join(folder, 'scenario.yaml'), own(scenarioLines(scenario)));
  return { folder, file: join(folder, 'scenario.yaml') };
}

export const dependenciesFor = (
  home: string,
  drill: MemoryDrill,
  clock: Clock = systemClock,
): EngineDependencies => ({
  registries: drill.registries ?? registries,
  provider: noStacks,
  makeRepository: createRepository,
  existing: existingReader,
  clock,
  environment: { MUSTER_BACKUP_KEY: backupKey },
  home,
  version: 'test',
  host: {},
  progress: (one) => drill.progress?.(one, clock),
});

function tamperWith(home: string, alter: NonNullable<MemoryDrill['tamper']>): void {
  const files = globSync('drills/*/stores/b/**/*', { cwd: home, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.startsWith('point.'),
  );
  for (const entry of files) {
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    writeFileSync(path, alter(bytes) ?? bytes);
  }
}

/** A whole drill on the memory driver, real in everything but the technology and the time. */
export async function drillInMemory(
  drill: MemoryDrill = {},
): Promise<{ folder: string; result: DrillResult }> {
  return drillFile(memoryFiles(drill), drill);
}

/**
 * The same with files that are there already: a second drill of the same strategy, with the key of the
 * first.
 */
export const drillFile = (
  { folder, file }: { folder: string; file: string },
  drill: MemoryDrill = {},
): Promise<{ folder: string; result: DrillResult }> =>
  carryOutInMemory(folder, drill, ({ registries: known }) =>
    planDrill(file, known, noStacks, { hostCommands: drill.hostCommands }),
  );

/**
 * The one report that nobody asks a drill in memory for costs more than the rest of it: the command line
 * writes it in each of its drills (test/cli/run-and-report.test.ts).
 */
function withoutPdf({ formats, ...others }: Registries): Registries {
  const { pdf: _, ...written } = formats;
  return { ...others, formats: written };
}

/** Whatever is planned, with its bundle below the folder. */
export async function carryOutInMemory(
  folder: string,
  drill: MemoryDrill,
  planned: (dependencies: EngineDependencies) => Promise<Plan>,
): Promise<{ folder: string; result: DrillResult }> {
  const progress = (one: Progress): void => {
    if (one.kind === 'phase' && one.phase === 'recover' && drill.tamper) tamperWith(folder, drill.tamper);
    drill.progress?.(one, clock);
  };
  const virtual = createVirtualClock();
  const clock = drill.hostCommands ? systemClock : virtual;
  const dependencies = dependenciesFor(folder, { ...drill, progress }, clock);
  const plan = await planned(dependencies);
  const options = {
    seed: drill.seed ?? 7,
    keepStack: drill.keepStack === true,
    signal: drill.signal ?? new AbortController().signal,
  };
  const ran = await (drill.hostCommands
    ? runDrill(plan, dependencies, options)
    : virtual.during(() => runDrill(plan, dependencies, options)));
  // Whatever became of it, a drill that nobody altered is whole, and as it was planned.
  const events = eventsIn(ran.folder);
  const damage = timelineDamage(events) ?? agreementDamage(events, dependencies.registries);
  if (damage !== null) throw new Error(`an honest timeline is called damaged: ${damage}`);
  const judged = judgeRun(ran.folder, dependencies.registries);
  await writeReports(ran.folder, judged, withoutPdf(dependencies.registries));
  return { folder: ran.folder, result: judged.result };
}
