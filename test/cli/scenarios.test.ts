import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allScenarios, findScenarios, passedOverText } from '../../cli/scenarios.ts';
import { MusterError } from '../../core/errors.ts';
import { memoryFiles } from '../support/memory-drill.ts';
import { muster } from '../support/muster.ts';

/** A folder with these files in it. */
function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'muster-scenarios-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
const scenario = 'scenario: one\nstrategy: ./strategy.yaml\ntitle: One\n';

describe('scenarios at hand', () => {
  test.each([
    ['a.yaml', scenario],
    ['a.yml', scenario],
    ['a.YAML', scenario],
    ['deep/in/a.Yml', scenario],
    ['a.yml', `\uFEFF${scenario}`],
    ['a.yml', '"scenario": one\n'],
    ['a.yaml', '{ "title": "One", "scenario": "one" }\n'],
    ['a.yaml', 'title: One\nscenario : one\n'],
    ['a slip in it.yaml', `${scenario}check: [ledger\n`],
    ['strategy.yaml', scenario],
  ])('%s is one', (name, text) => {
    expect(findScenarios([folderWith({ [name]: text })])).toMatchObject({
      scenarios: [{ path: name.slice(0, name.lastIndexOf('.')) }],
      passedOver: [],
    });
  });

  test.each([
    ['strategy.yaml', 'strategy: one\nstack: none\n'],
    ['compose.yml', 'services: { a: { labels: { scenario: x } } }\n'],
    ['README.md', '# Drills\n\n```yaml\nscenario: one\n```\n'],
    ['nothing.yml', ''],
  ])('%s is none, and nobody is told', (name, text) => {
    expect(findScenarios([folderWith({ [name]: text })])).toEqual({ scenarios: [], passedOver: [] });
  });

  test.each(['a.yaml.disabled', 'a.yaml~', 'a.txt', 'a.json', 'a'])(
    '%s is passed over, and named',
    (name) => {
      const folder = folderWith({ [name]: scenario });
      const found = findScenarios([folder]);
      expect(found).toEqual({ scenarios: [], passedOver: [join(folder, name)] });
      expect(passedOverText(found)).toEqual([
        expect.stringMatching(new RegExp(`${name} says .scenario:. and is passed over`)),
      ]);
    },
  );

  test('two of one name are both found, each by a name of its own', () => {
    const { scenarios } = findScenarios([
      folderWith({ 'a.yaml': scenario, 'a.yml': scenario, 'b.yml': scenario }),
    ]);
    expect(scenarios.map(({ path }) => path)).toEqual(['a', 'a', 'b']);
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(3);
  });

  test('a link to one is one', () => {
    const folder = folderWith({ 'a.yaml': scenario });
    symlinkSync(join(folder, 'a.yaml'), join(folder, 'b.yml'));
    expect(findScenarios([folder]).scenarios.map(({ path }) => path)).toEqual(['a', 'b']);
  });
});

describe('a run without names', () => {
  test('of folders that hold none is an input error, that names what was passed over', () => {
    const folder = folderWith({ 'a.txt': scenario });
    for (const folders of [[folder], [join(folder, 'missing')], []]) {
      let thrown: unknown = null;
      try {
        allScenarios(folders);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(MusterError);
      expect(thrown).toMatchObject({ trouble: 'input' });
      if (folders[0] === folder) expect((thrown as MusterError).found).toMatch(/a\.txt$/);
    }
  });

  test('in a project whose own folder holds none ends with 64, and nothing is run', async () => {
    const { code, stdout, stderr } = await muster(['run'], {
      cwd: folderWith({ 'scenarios/a.txt': scenario }),
    });
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(/there is no scenario in scenarios\n +found: +scenarios\/a\.txt/);
  });
});

describe('list', { concurrent: true }, () => {
  test('shows *.yml, and says what it passed over', async () => {
    const { code, stdout, stderr } = await muster(['list'], {
      cwd: folderWith({ 'scenarios/mine.yml': scenario, 'scenarios/other.txt': scenario }),
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mine +One$/m);
    expect(stderr).toMatch(/^scenarios\/other\.txt says `scenario:` and is passed over/);
  });
});

describe('names', { concurrent: true }, () => {
  test('a scenario is planned by its name and by its path, whatever its ending', async () => {
    const { folder } = memoryFiles();
    const project = folderWith({});
    cpSync(folder, join(project, 'scenarios'), { recursive: true });
    writeFileSync(join(project, 'scenarios/second.yml'), readFileSync(join(folder, 'scenario.yaml')));
    writeFileSync(
      join(project, 'third.txt'),
      readFileSync(join(folder, 'scenario.yaml'), 'utf8').replace('./strategy', './scenarios/strategy'),
    );
    const { code, stdout, stderr } = await muster(['plan', 'second', 'scenarios/second.yml', 'third.txt'], {
      cwd: project,
    });
    expect(code, stderr).toBe(0);
    expect(stdout.match(/^memory: /gm)).toHaveLength(3);
  });

  test('two files whose scenarios have one name are told of', async () => {
    const { folder } = memoryFiles({ scenario: { points: '1', settle: '2s' } });
    cpSync(join(folder, 'scenario.yaml'), join(folder, 'copy.yml'));
    const { stderr } = await muster(['run', 'scenario.yaml', 'copy.yml'], { cwd: folder });
    expect(stderr).toMatch(/^scenario\.yaml and copy\.yml are both called memory/m);
  });
});
