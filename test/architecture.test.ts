import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registries } from '../cli/registries.ts';

/** Which folder may import which, and why. A permission that nothing uses fails, as an import without one. */
const mayImport: Record<string, Record<string, string>> = {
  core: {},
  measures: { core: 'a measure judges the words of the language' },
  engine: { core: 'it speaks the language', measures: 'how much a load must do to be measured' },
  evidence: { core: 'it reads the language', measures: 'it judges what was recorded' },
  drivers: { core: 'the contract', faults: 'a way of its own to suffer what any container can' },
  faults: { core: 'the contract' },
  stores: { core: 'the contract' },
  stack: { core: 'the contract' },
  reports: { core: 'results and progress' },
  cli: {
    core: 'errors, units',
    engine: 'plans and runs',
    evidence: 'judges and reports',
    measures: 'registry',
    drivers: 'registry',
    faults: 'registry',
    stores: 'registry and repository',
    stack: 'the provider and the host',
    reports: 'registry and the terminal',
  },
};
const linesMax = 300;
const functionLinesMax = 60;
const columnsMax = 110;

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', '*.ts'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));
const sources = tracked.filter((file) => file.split('/')[0]! in mayImport && !file.endsWith('.d.ts'));
const read = (file: string): string => readFileSync(file, 'utf8');

interface Import {
  from: string;
  to: string;
}
const specifiersIn = (text: string): string[] =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]!);
const importsOf = (file: string): Import[] =>
  specifiersIn(read(file)).map((specifier) => ({
    from: file,
    to: normalize(join(dirname(file), specifier)),
  }));
const folderOf = (file: string): string => file.split('/')[0]!;
const isBetweenDrivers = ({ from, to }: Import): boolean => {
  const [a, b] = [from, to].map((file) => /^drivers\/([^/]+)\//.exec(file)?.[1]);
  return a !== undefined && b !== undefined && a !== b && b !== ofSqlServers;
};
/** What SQL servers have in common: no driver, and it imports none. */
const ofSqlServers = 'sql';
const ofFamily = /^drivers\/[^/]+\/(family|product)\.ts$/;
const imports = sources.flatMap(importsOf);

describe('layers', () => {
  it.each(Object.keys(mayImport))('%s imports only what it may', (folder) => {
    const sideways = imports.filter(
      ({ from, to }) =>
        folderOf(from) === folder &&
        folderOf(to) !== folder &&
        to !== 'package.json' &&
        !(folderOf(to) in mayImport[folder]!),
    );
    expect(sideways.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });
  it.each(
    Object.entries(mayImport).flatMap(([folder, allowed]) =>
      Object.keys(allowed).map((target) => [folder, target] as const),
    ),
  )('%s uses its permission to import %s', (folder, target) => {
    expect(imports.some(({ from, to }) => folderOf(from) === folder && folderOf(to) === target)).toBe(true);
  });
  // A fork is the same technology under other names: of a copied driver one half would be mended.
  it('a driver never imports another one, but the family that its server is a fork of', () => {
    expect(imports.filter(isBetweenDrivers).filter(({ to }) => !ofFamily.test(to))).toEqual([]);
  });
  it('a family is no fork of another one', () => {
    const [forks, families] = (['from', 'to'] as const).map(
      (end) => new Set(imports.filter(isBetweenDrivers).map((one) => one[end].split('/')[1])),
    );
    expect([...forks!].filter((one) => families!.has(one))).toEqual([]);
  });
});

/**
 * Groups of files that import each other in a circle, types included: nobody can read, move or test one of
 * them without the others. Tarjan's strongly connected components.
 */
function circlesOf(all: readonly Import[]): string[][] {
  const targets = Map.groupBy(all, ({ from }) => from);
  const reached = new Map<string, { index: number; low: number; open: boolean }>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): { low: number } => {
    const own = { index: reached.size, low: reached.size, open: true };
    reached.set(file, own);
    open.push(file);
    for (const { to } of targets.get(file) ?? []) {
      const seen = reached.get(to);
      if (seen === undefined) own.low = Math.min(own.low, visit(to).low);
      else if (seen.open) own.low = Math.min(own.low, seen.index);
    }
    if (own.low === own.index) {
      const circle = open.splice(open.indexOf(file));
      for (const one of circle) reached.get(one)!.open = false;
      if (circle.length > 1) circles.push(circle.sort());
    }
    return own;
  };
  for (const file of targets.keys()) if (!reached.has(file)) visit(file);
  return circles;
}

describe('circles', () => {
  const to = (from: string, ...files: string[]): Import[] => files.map((file) => ({ from, to: file }));
  it('are found over one file and over several, and not where files only share another', () => {
    const bad = [
      ...to('a', 'b'),
      ...to('b', 'c', 'd'),
      ...to('c', 'a'),
      ...to('e', 'f'),
      ...to('f', 'e', 'a'),
    ];
    expect(circlesOf(bad).sort()).toEqual([
      ['a', 'b', 'c'],
      ['e', 'f'],
    ]);
    expect(circlesOf([...to('a', 'b', 'c'), ...to('b', 'd'), ...to('c', 'd')])).toEqual([]);
  });
  it('are found where only a type is imported, and by import()', () => {
    const specifiers = ["import type { A } from './a.ts';", "await import('./a.ts')", "import './a.ts';"];
    for (const text of specifiers) expect(specifiersIn(text), text).toEqual(['./a.ts']);
  });
  it('no files import each other in a circle, not even for a type', () => {
    expect(circlesOf(tracked.flatMap(importsOf))).toEqual([]);
  });
});

describe('registries', () => {
  const listed = (folder: string): string[] =>
    [
      ...new Set(
        tracked
          .filter((file) => file.startsWith(`${folder}/`))
          .map((file) => file.split('/').slice(1))
          .filter((rest) => rest.length > 1)
          .map((rest) => (folder === 'faults' ? rest[1]! : rest[0]!).replace(/\.ts$/, '')),
      ),
    ].filter((name) => name !== 'index');
  it('every folder of drivers/ is registered, and the other way round', () => {
    const drivers = listed('drivers').filter((name) => name !== ofSqlServers);
    expect(drivers.sort()).toEqual(Object.keys(registries.drivers).sort());
  });
  it('every file of faults/ is registered, and the other way round', () => {
    expect(listed('faults').sort()).toEqual(Object.keys(registries.faults).sort());
  });
  it.each(Object.entries(registries))('every entry of %s says what it is', (_, entries) => {
    for (const [name, entry] of Object.entries(entries as Record<string, { about: string }>))
      expect(entry.about.length, name).toBeGreaterThan(10);
  });
});

// Biome has formatted what is counted here (`npm run check`): code at 110 columns, but for long texts.
describe('size', () => {
  it(`no comment is wider than ${columnsMax} columns`, () => {
    const isComment = /^\s*(?:\/\/ (?!biome-ignore)|\/\*\*| \* )/;
    const wide = tracked.flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, i) => (line.length > columnsMax && isComment.test(line) ? [`${file}:${i + 1}`] : [])),
    );
    expect(wide).toEqual([]);
  });
  it(`no source file is longer than about ${linesMax} lines`, () => {
    expect(
      tracked
        .map((file) => [file, read(file).split('\n').length] as const)
        .filter(([, lines]) => lines > linesMax + 20),
    ).toEqual([]);
  });
  it(`no function is longer than about ${functionLinesMax} lines`, () => {
    expect(sources.flatMap(longFunctions)).toEqual([]);
  });
});

/**
 * Top-level functions by their indentation: from a declaration at the margin to the closing brace at the
 * margin.
 */
function longFunctions(file: string): string[] {
  const lines = read(file).split('\n');
  const long: string[] = [];
  let begun: { name: string; line: number } | null = null;
  lines.forEach((line, i) => {
    const declared =
      /^(?:export )?(?:default )?(?:async )?function\*? (\w+)|^(?:export )?const (\w+)[^=]*= (?:async )?\(.*=> \{$/.exec(
        line,
      );
    if (declared) begun = { name: declared[1] ?? declared[2]!, line: i };
    if (/^\}/.test(line) && begun) {
      if (i - begun.line + 1 > functionLinesMax + 8)
        long.push(`${file}: ${begun.name} has ${i - begun.line + 1} lines`);
      begun = null;
    }
  });
  return long;
}

describe('nothing is dead', () => {
  it('every source file is imported by another, or is an entry', () => {
    const entries = new Set([
      ...['cli/main.ts', 'cli/bin.ts', 'cli/drill-process.ts', 'cli/build.ts', 'cli/build-image.ts'],
    ]);
    const imported = new Set(tracked.flatMap(importsOf).map(({ to }) => to));
    expect(sources.filter((file) => !imported.has(file) && !entries.has(file))).toEqual([]);
  });
  it('every dependency is imported somewhere', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    // Used as programs or as types alone, not imported by name.
    const programs = new Set(['node', 'typescript', '@biomejs/biome', '@types/node', 'reflect-metadata']);
    const text = tracked.map(read).join('\n');
    const unused = Object.keys({ ...dependencies, ...devDependencies }).filter(
      (name) =>
        !programs.has(name) &&
        !text.includes(`'${name}`) &&
        !(name.startsWith('@types/') && text.includes(`'${name.slice(7)}`)),
    );
    expect(unused).toEqual([]);
  });
});

describe('purity', () => {
  it.each(['core', 'measures', 'reports'])('%s does no input or output', (folder) => {
    const impure = sources.filter(
      (file) =>
        folderOf(file) === folder &&
        /from 'node:(fs|net|http|https|child_process|worker_threads)/.test(read(file)),
    );
    expect(impure).toEqual([]);
  });
  it.each(['measures', 'engine', 'evidence', 'drivers', 'stores'])('%s reads no wall clock', (folder) => {
    const offenders = sources.filter(
      (file) => folderOf(file) === folder && /\bDate\.now\(|performance\.now\(/.test(read(file)),
    );
    expect(offenders).toEqual([]);
  });
  it('whatever a drill in memory waits for is asked of its clock', () => {
    // A process of the host takes the host's time.
    const waiting = sources.filter(
      (file) =>
        /^(engine|evidence|stores|measures|drivers\/memory)\//.test(file) &&
        file !== 'engine/host-command.ts',
    );
    const offenders = waiting.filter((file) =>
      /\b(setTimeout|setInterval)\(|AbortSignal\.timeout\(|node:timers/.test(read(file)),
    );
    expect(offenders).toEqual([]);
  });
  it('neither the engine nor the evidence names a technology', () => {
    const named = sources.filter(
      (file) =>
        ['engine', 'evidence'].includes(folderOf(file)) &&
        /\b(redis|mysql|nginx|toxiproxy|docker)\b/i.test(read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
    );
    expect(named).toEqual([]);
  });
});
