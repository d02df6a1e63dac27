import { globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chalkFor, formatError } from '../../cli/output.ts';
import { registries } from '../../cli/registries.ts';
import { parseAs, parseSource } from '../../core/document.ts';
import { InputErrors, MusterError } from '../../core/errors.ts';
import { planDrill } from '../../engine/plan.ts';
import { schemasOf } from '../../engine/plan-input.ts';
import { describeComposeFile } from '../../stack/compose-file.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { memoryFiles } from '../support/memory-drill.ts';
import { keeping, mutated, mutation, runs, timeLimit } from './mutations.ts';

const root = resolve(import.meta.dirname, '../..');
const real = createStackProvider({ progress: () => undefined });
/**
 * Compose is asked once of each text and rules: it is a process, and most slips are in a file that it never
 * sees.
 */
const asked = new Map<string, ReturnType<typeof real.contain>>();
const provider: typeof real = {
  ...real,
  contain: (about) => {
    const of = JSON.stringify([readFileSync(about.file, 'utf8'), about]);
    if (!asked.has(of)) asked.set(of, real.contain(about));
    return asked.get(of)!;
  },
};

/** The three files of a drill, each naming the next in the same folder. */
interface Files {
  scenario: string;
  strategy: string;
  compose: string;
}

function filesOf(scenarioFile: string): Files {
  const scenario = readFileSync(scenarioFile, 'utf8');
  const strategyFile = resolve(dirname(scenarioFile), /^strategy: *(\S+)/m.exec(scenario)![1]!);
  const strategy = readFileSync(strategyFile, 'utf8');
  const stack = /^stack: *(\S+)/m.exec(strategy)![1]!;
  return {
    scenario: scenario.replace(/^strategy: .*/m, 'strategy: ./strategy.yaml'),
    strategy: strategy.replace(/^stack: .*/m, stack === 'none' ? 'stack: none' : 'stack: ./compose.yml'),
    compose: stack === 'none' ? '' : readFileSync(resolve(dirname(strategyFile), stack), 'utf8'),
  };
}

const shipped = globSync(['scenarios/**/*.yaml', 'test/fixtures/*/scenario.yaml'], { cwd: root })
  .filter((file) => !file.endsWith('strategy.yaml'))
  .sort();
const corpus = [memoryFiles().file, ...shipped.map((file) => join(root, file))].map(filesOf);
/** Those that are read in a millisecond. */
const small = corpus.filter((files) => Object.values(files).join('').length < 6_000);

const folder = mkdtempSync(join(tmpdir(), 'muster-fuzz-'));

/** What the user reads of what was wrong; nothing where nothing was. Anything but a MusterError is thrown. */
async function errorsOf(work: () => unknown): Promise<MusterError[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    formatError(error, chalkFor(process.stderr));
    return error instanceof InputErrors ? error.all : [error];
  }
}

function planned({ scenario, strategy, compose }: Files): Promise<MusterError[]> {
  writeFileSync(join(folder, 'scenario.yaml'), scenario);
  writeFileSync(join(folder, 'strategy.yaml'), strategy);
  writeFileSync(join(folder, 'compose.yml'), compose);
  return errorsOf(() =>
    planDrill(join(folder, 'scenario.yaml'), registries, provider, { hostCommands: true }),
  );
}

function expectPlaces(errors: readonly MusterError[]): void {
  const wanted = { trouble: 'input', line: expect.any(Number) as number };
  for (const { trouble, at, message } of errors)
    expect({ trouble, line: at?.line, message }).toEqual({ ...wanted, message });
}

const which = fc.constantFrom<keyof Files>('scenario', 'strategy', 'compose');
const slips = fc.array(mutation, { minLength: 1, maxLength: 4 });

test('every file that comes with Muster is planned as it is', async () => {
  for (const files of corpus) expect(await planned(files)).toEqual([]);
});

test("whatever is wrong with one of a drill's files, it is an input error with its line", {
  timeout: timeLimit,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...small),
      which,
      slips,
      keeping('files', async (files, one, mutations) => {
        expectPlaces(await planned({ ...files, [one]: mutations.reduce(mutated, files[one]) }));
      }),
    ),
    runs(600, 8),
  );
});

test('a large file with slips gives a value or an input error with its line', {
  timeout: timeLimit,
}, async () => {
  const { scenario, strategy } = schemasOf(registries);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...corpus),
      which,
      slips,
      keeping('large-file', async (files, one, mutations) => {
        const text = mutations.reduce(mutated, files[one]);
        const file = join(folder, 'compose.yml');
        writeFileSync(file, text);
        if (one === 'compose') expectPlaces(await errorsOf(() => describeComposeFile(file)));
        else
          expectPlaces(
            await errorsOf(() =>
              parseAs<unknown>(parseSource(file, text), one === 'scenario' ? scenario : strategy),
            ),
          );
      }),
    ),
    runs(400, 40),
  );
});
