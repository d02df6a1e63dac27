import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allScenarios, findScenarios, passedOverText } from '../../cli/scenarios.ts';
import { MusterError } from '../../core/errors.ts';
import { memoryFiles } from '../support/memory-drill.ts';
import { muster } from '../support/muster.ts';
import { others, scenario, slips } from './slip-cases.ts';

/** A folder with these files in it. */
function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'muster-scenarios-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

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
      expect(found).toMatchObject({ scenarios: [], passedOver: [{ file: join(folder, name), slip: false }] });
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

  test('folders are looked into through links, each once', () => {
    const folder = folderWith({ 'deep/a.yaml': scenario });
    symlinkSync(folder, join(folder, 'deep/again'));
    symlinkSync(folderWith({ 'b.yaml': scenario }), join(folder, 'linked'));
    expect(findScenarios([folder]).scenarios.map(({ path }) => path)).toEqual(['deep/a', 'linked/b']);
  });
});

describe('what may be a scenario and cannot be run', { concurrent: true }, () => {
  test.each(Object.entries(slips))(
    '%s is named, and the others are not run without it',
    (_, [name, text, why]) => {
      const folder = folderWith({
        'good.yaml': scenario,
        'strategy.yaml': 'strategy: one\ncomponents: {}\n',
      });
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
      const found = findScenarios([folder]);
      expect(found).toMatchObject({
        scenarios: [{ path: 'good' }],
        passedOver: [{ file: join(folder, name), slip: true }],
      });
      expect(found.passedOver[0]!.why).toMatch(why);
      expect(() => allScenarios([folder])).toThrow('not everything that may be a scenario can be run');
    },
  );

  test('a run without names ends with 64, and names it', async () => {
    const project = folderWith({ 'muster/good.yaml': scenario, 'muster/bad.yaml': '"scenario": [one\n' });
    const { code, stdout, stderr } = await muster(['run'], { cwd: project });
    expect({ code, stdout }, stderr).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(
      /muster\/bad\.yaml has the word scenario, and is no YAML: the file does not parse/,
    );
  });

  test.each([
    ['b.yaml', '/nowhere/b.yaml', 'is a link that leads nowhere'],
    ['payments', '../../payments/drills', 'is a link that leads nowhere'],
    ['round', 'round', 'cannot be read: ELOOP'],
  ])('a link %s to %s is named', (name, to, why) => {
    const folder = folderWith({ 'a.yaml': scenario });
    symlinkSync(to, join(folder, name));
    symlinkSync('me@host.17', join(folder, '.#a.yaml'));
    expect(findScenarios([folder])).toMatchObject({
      scenarios: [{ path: 'a' }],
      passedOver: [{ file: join(folder, name), slip: true, why: expect.stringContaining(why) }],
    });
  });
  test.each(['/nowhere', 'scenarios'])('a folder of scenarios that is a link to %s is named', (to) => {
    const project = folderWith({ 'muster/a.yaml': scenario });
    const linked = join(project, 'scenarios');
    symlinkSync(to, linked);
    expect(() => allScenarios([linked, join(project, 'muster')])).toThrow(
      'not everything that may be a scenario can be run',
    );
  });
  test.each(['  strategy: ./s.yaml\n', 'faults: { crash: redis }\n', '  recovery: automatic\n'])(
    'a scenario with its keys elsewhere is run, and says what is wrong: %j',
    (more) => {
      const folder = folderWith({ 'a.yaml': `scenario:\n  name: one\n${more}`, 'b.yaml': scenario });
      expect(allScenarios([folder]).scenarios.map(({ path }) => path)).toEqual(['a', 'b']);
    },
  );
  test("what another tool calls a scenario is passed over, and the user's own are run", () => {
    const folder = folderWith({
      'a.yaml': scenario,
      'molecule.yml': 'scenario:\n  name: default\n',
      '.ci/molecule.yml': 'scenario:\n  name: default\n',
    });
    const found = allScenarios([folder]);
    expect(found).toMatchObject({
      scenarios: [{ path: 'a' }],
      passedOver: [{ slip: false }, { slip: false }],
    });
    expect(passedOverText(found)[1]).toMatch(/molecule\.yml says .* another tool/);
  });

  test.each(Object.entries(others))('%s is none, and nobody is told', (_, [name, text]) => {
    expect(findScenarios([folderWith({ [name]: text })])).toEqual({ scenarios: [], passedOver: [] });
  });
});

describe('a run without names', () => {
  test('of a project without drills of its own ends with 64, and none of those that come with Muster runs', async () => {
    const { code, stdout, stderr } = await muster(['run'], { cwd: folderWith({ 'compose.yaml': '' }) });
    expect({ code, stdout }, stderr).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(/there is no scenario of your own in scenarios or muster/);
    expect(stderr).toMatch(/`muster init` writes some/);
  });

  test('runs what lies where `muster init` writes, and nothing else', async () => {
    const { folder: project } = memoryFiles({ scenario: { points: '1', settle: '2s' } });
    const own = join(project, 'muster');
    mkdirSync(own);
    for (const file of ['scenario.yaml', 'strategy.yaml']) renameSync(join(project, file), join(own, file));
    const { code, stdout, stderr } = await muster(['run', '--json', '--seed', '7'], { cwd: project });
    expect(code, stderr).toBe(0);
    const { drills } = JSON.parse(stdout) as { drills: { result: { scenario: string } }[] };
    expect(drills.map(({ result }) => result.scenario)).toEqual(['memory']);
  });

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
    expect(stderr).toMatch(/there is no scenario of your own in scenarios\n +found: +scenarios\/a\.txt/);
  });
});

describe('list', { concurrent: true }, () => {
  test('shows *.yml, and says what it passed over', async () => {
    const { code, stdout, stderr } = await muster(['list'], {
      cwd: folderWith({ 'scenarios/mine.yml': scenario, 'scenarios/other.txt': scenario }),
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mine +One$/m);
    expect(stdout).toMatch(/^reference\/redis-crash .*\(comes with Muster\)$/m);
    expect(stderr).toMatch(/^scenarios\/other\.txt says `scenario:` and is passed over/);
  });
});

describe('names', { concurrent: true }, () => {
  test('a pattern takes in the strategy as well, which is left out with a line; alone it is refused', async () => {
    const { folder } = memoryFiles({ scenario: { points: '1', settle: '2s' } });
    const { code, stdout, stderr } = await muster(['plan', 'scenario.yaml', 'strategy.yaml'], {
      cwd: folder,
    });
    expect(code, stderr).toBe(0);
    expect(stdout.match(/^memory: /gm)).toHaveLength(1);
    expect(stderr).toMatch(/^strategy\.yaml is left out: it is a strategy, and no scenario$/m);
    expect((await muster(['run', 'strategy.yaml'], { cwd: folder })).code).toBe(64);
  });

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
