import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const read = (file: string): string => readFileSync(file, 'utf8');
/** Every source file that a drill may run, and those of the reference application. */
const run = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', '*.ts'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(file))
  .filter((file) => !/^(test|bench|fixtures)\//.test(file) || file.startsWith('fixtures/app/'))
  .filter((file) => file !== 'vitest.config.ts');

/** Packages that a file loads, now or later: not those of which it takes the types alone. */
const packagesOf = (text: string): string[] =>
  [...text.matchAll(/^(?:(?:import|export)(?! type\b)[^;']*? from|import) '([^']+)'|\bimport\('([^']+)'\)/gm)]
    .map((match) => (match[1] ?? match[2])!)
    .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]);

// `npm ci --omit=dev` in a clone, and the package from a registry.
describe('what a user has', () => {
  it('is told from what only a developer has', () => {
    const text = "import a from 'a';\nimport type { B } from 'b';\nawait import('c/d');\nimport '@e/f';\n";
    expect(packagesOf(`${text}import { g } from './g.ts';\nimport 'node:fs';\n`)).toEqual(['a', 'c', '@e/f']);
  });
  it('is told which Node it takes, by the very first file, before another one asks for what that lacks', () => {
    const { engines, bin } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
    const first = bin!['muster']!.replace(/^dist\/(.*)\.js$/, '$1.ts');
    const [, major, minor] = /const oldest = \[(\d+), (\d+)\]/.exec(read(first)) ?? [];
    expect(engines!['node']).toBe(`>=${major}.${minor}`);
  });
  it('is all that a run needs, and the image of the reference application', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const lacking = run.flatMap((file) =>
      packagesOf(read(file))
        .filter((name) => !Object.hasOwn(dependencies, name))
        .map((name) => `${file} loads ${name}`),
    );
    expect(lacking).toEqual([]);
  });
});

/** Packages that are loaded with a file: by it, and by whatever it imports. Types and `import()` are not. */
function packagesWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return new Set();
  seen.add(file);
  const loaded = /^(?:(?:import|export)(?! type\b)[^;']*? from|import) '([^']+)'/gm;
  const specifiers = [...read(file).matchAll(loaded)].map((match) => match[1]!);
  return new Set(
    specifiers.flatMap((one) =>
      one.startsWith('.')
        ? one.endsWith('.ts')
          ? [...packagesWith(normalize(join(dirname(file), one)), seen)]
          : []
        : one.startsWith('node:')
          ? []
          : [/^(?:@[^/]+\/)?[^/]+/.exec(one)![0]],
    ),
  );
}

// The command line is started for every look at a file, and hundreds of times by the tests.
describe('what a start waits for', () => {
  it.each([
    ['cli/main.ts', ['chalk', 'commander']],
    // What only acts on a server or an engine is loaded by who attaches, opens or brings up.
    [
      'cli/registries.ts',
      ['yaml', 'zod', 'fastest-levenshtein', 'chalk', 'string-width', 'slice-ansi', 'wrap-ansi'],
    ],
    ['stack/provider.ts', []],
  ])('%s loads no library that it does not need at once', (file, needed) => {
    expect([...packagesWith(file)].filter((name) => !needed.includes(name))).toEqual([]);
  });
  it.each([
    ['drivers/mysql/attach.ts', 'mysql2'],
    ['drivers/redis/attach.ts', 'ioredis'],
    ['drivers/http/attach.ts', 'tough-cookie'],
    ['drivers/http/attach.ts', 'undici'],
    ['stores/s3-bucket.ts', '@aws-sdk/client-s3'],
    ['stack/bring-up.ts', 'tar-stream'],
  ])('%s does load %s, and so would whatever imports it', (file, name) => {
    expect([...packagesWith(file)]).toContain(name);
  });
});
