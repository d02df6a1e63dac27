import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { InputErrors, MusterError } from '../../core/errors.ts';
import { planDrill } from '../../engine/plan.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { badFiles, type FileKind } from './bad-files.ts';

const files: Record<FileKind, string> = {
  scenario: 'scenario.yaml',
  strategy: 'strategy.yaml',
  compose: 'compose.yml',
};
const kinds = Object.keys(files) as FileKind[];
const whole = (kind: FileKind): string =>
  readFileSync(join(import.meta.dirname, '../fixtures/accidents', files[kind]), 'utf8');
const provider = createStackProvider({ progress: () => undefined });

/**
 * What is said of a drill whose files are these instead of the whole ones. Throws what is no word to a user.
 */
async function saidOf(instead: Partial<Record<FileKind, string>>): Promise<MusterError[]> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-bad-files-'));
  for (const kind of kinds) writeFileSync(join(folder, files[kind]), instead[kind] ?? whole(kind));
  try {
    await planDrill(join(folder, 'scenario.yaml'), registries, provider);
    return [];
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    return error instanceof InputErrors ? error.all : [error];
  }
}
const marked = (text: string): number => text.split('\n').findIndex((line) => line.includes('# here')) + 1;

describe.each(kinds)('of a %s', (kind) => {
  test.each(badFiles.map((one) => [one.what, one] as const))(
    '%s is an input error with its line',
    async (_, { bad, says }) => {
      const text = bad(whole(kind), kind);
      const [error] = await saidOf({ [kind]: text });
      expect(error).toMatchObject({ trouble: 'input', at: { line: marked(text) } });
      expect(error!.at!.file).toMatch(new RegExp(`${files[kind].replace('.', '\\.')}$`));
      expect(error!.message).toMatch(says);
    },
  );

  test.each(badFiles.map((one) => [one.beside.what, one] as const))('%s: accepted', async (_, { beside }) => {
    const text = beside.good[kind](whole(kind));
    expect(text, 'something was changed').not.toBe(whole(kind));
    expect(
      (await saidOf({ [kind]: text })).map(({ message, found, at }) => ({ message, found, at })),
    ).toEqual([]);
  });
});

const withDriver = (driver: string, config: string): string =>
  `strategy: settings\nstack: ./compose.yml\ncomponents:\n  redis:\n    driver: ${driver}\n${config}`;
const crash =
  'scenario: settings\nstrategy: ./strategy.yaml\ntitle: A crash\nload: { tokens: { target: redis, rate: 10/s } }\nfault: { crash: redis, at: +5s }\nrecover: automatic\ncheck: [ledger]\n';
const configs = {
  'left out': '',
  'without a value': '    config:\n',
  'a number': '    config: 5\n',
  'a list': '    config: []\n',
  empty: '    config: {}\n',
};

describe.each(Object.keys(registries.drivers))('the settings of driver %s', (driver) => {
  test.each(Object.entries(configs))('%s: accepted, or an input error with its line', async (_, config) => {
    const wrong = {
      trouble: 'input',
      at: { line: expect.any(Number) as number, file: expect.stringMatching(/\.ya?ml$/) as string },
    };
    for (const error of await saidOf({ scenario: crash, strategy: withDriver(driver, config) }))
      expect(error).toMatchObject(wrong);
  });
});

test('a driver whose required settings are left out names the first of them', async () => {
  const said = await saidOf({ scenario: crash, strategy: withDriver('http', '') });
  expect(said).toContainEqual(
    expect.objectContaining({
      message: expect.stringMatching(/^"\w+" is missing$/) as string,
      at: expect.objectContaining({ line: 5 }) as object,
    }),
  );
});

describe('names that folders are named after', () => {
  const long = 'n'.repeat(64);
  test.each([
    ['a component', (text: string) => text.replace(/^ {2}redis:$/m, `  ${long}:\n    service: redis`), 5],
    ['a store', (text: string) => text.replace(/^ {2}far:/m, `  ${long}:`), 13],
    ['a backup', (text: string) => text.replace(/^ {6}snapshot:/m, `      ${long}:`), 10],
  ])('%s of 64 characters is refused where it stands', async (_, change, line) => {
    const [error] = await saidOf({ strategy: change(whole('strategy')) });
    expect(error).toMatchObject({
      trouble: 'input',
      at: { line },
      found: long,
      expected: expect.stringContaining('at most 63 characters') as string,
    });
  });
  test('a store of 63 characters is accepted', async () => {
    const name = 'n'.repeat(63);
    expect(
      await saidOf({
        strategy: whole('strategy').replaceAll(/\bfar\b/g, name),
        scenario: whole('scenario').replaceAll(/\bfar\b/g, name),
      }),
    ).toEqual([]);
  });
});
