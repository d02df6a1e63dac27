import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { ownOptions } from '../../core/own-backup.ts';
import type { Shell } from '../../core/service.ts';
import { filesIn } from '../../engine/own-backup/container-ground.ts';
import { patternsIn } from '../../engine/own-backup/ground.ts';
import { hostGround } from '../../engine/own-backup/host-ground.ts';
import { existingReader } from '../../stores/existing/reader.ts';
import { scratch } from '../support/scratch.ts';

/** The shell of this machine: what a container is asked runs in one. */
const shell = {
  exec: async (argv: string[]) => {
    const { status, stdout, stderr } = spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });
    return { code: status!, stdout, stderr };
  },
} as unknown as Shell;

const left = ['a.sql', 'b.sql.gz', 'b.txt', '.hidden.gz', 'deep/c.gz', "it's $(x).gz", '!a.log', '^b.log'];

/** What is found of a pattern on the host and in a container, in a folder whose name is given. */
async function found(folder: string, patterns: string[]): Promise<{ host: string[]; container: string[] }> {
  const at = join(mkdtempSync(join(scratch, 'ground-')), folder);
  const ground = hostGround(at, systemClock, patterns);
  for (const name of left) {
    mkdirSync(dirname(join(at, name)), { recursive: true });
    writeFileSync(join(at, name), name);
  }
  const names = (files: { name: string }[]): string[] => files.map(({ name }) => name);
  return {
    host: names(await ground.list()),
    container: names(await filesIn(shell, 'here', patternsIn(at, patterns)).list()),
  };
}

describe('files that a script leaves are found', () => {
  it.each(['shop', 'shop[prod]', 'shop*', 'what?', '{a,b}', 'a!(b)'])(
    'in a folder of the host called %s',
    async (folder) => {
      expect((await found(folder, ['*.gz', 'deep/*'])).host).toEqual([
        'b.sql.gz',
        'deep/c.gz',
        "it's $(x).gz",
      ]);
    },
  );

  it.each<[string, string[]]>([
    ['*.gz', ['b.sql.gz', "it's $(x).gz"]],
    ['?.sql', ['a.sql']],
    ['[ab].*', ['a.sql', 'b.sql.gz', 'b.txt']],
    ['[!a].*', ['b.sql.gz', 'b.txt']],
    ['[^a].*', ['b.sql.gz', 'b.txt']],
    ['deep/*.gz', ['deep/c.gz']],
    ["it's $(x).gz", ["it's $(x).gz"]],
  ])('by %s, the same on the host and in a container', async (pattern, names) => {
    expect(await found('shop', [pattern])).toEqual({ host: names, container: names });
  });

  it('once, where two patterns match the same', async () => {
    const once = ['b.sql.gz', 'b.txt'];
    expect(await found('shop', ['b*', 'b.*'])).toEqual({ host: once, container: once });
  });
});

describe('a pattern that would mean two things', () => {
  const problemsOf = (files: string | string[], where = 'host'): string => {
    const command = { command: ['./x.sh'], in: where };
    const { error } = ownOptions.safeParse({ backup: command, restore: command, produces: { files } });
    return error ? JSON.stringify(error.issues) : '';
  };
  it.each(['*.{sql,gz}', 'dump{1..3}.sql', String.raw`a\*.sql`, '@(a|b).sql', '!(a).sql'])(
    'is refused: %s',
    (pattern) => {
      expect(problemsOf(pattern)).toMatch(/one pattern for each/);
      expect(problemsOf(['*.gz', pattern], 'db')).toMatch(/one pattern for each/);
    },
  );
  it('is refused in a container, whose shell takes ** for *', () => {
    expect(problemsOf('**/*.gz', 'db')).toMatch(/\*\*/);
    expect(problemsOf('**/*.gz')).toBe('');
  });
  it('is not what a list of patterns is, nor a name in brackets', () => {
    expect(problemsOf(['*.sql', '*.gz', 'dump (1).sql', 'at 10:00!.sql'])).toBe('');
    expect(problemsOf('[ab]*.gz', 'db')).toBe('');
  });
});

describe('backups that exist already are found', () => {
  it.each(['shop[prod]', 'shop*', '{a,b}'])('by a pattern in a folder called %s', async (folder) => {
    const at = join(mkdtempSync(join(scratch, 'ground-')), folder);
    mkdirSync(join(at, 'dumps'), { recursive: true });
    for (const name of ['monday.sql', 'tuesday.sql', 'other'])
      writeFileSync(join(at, 'dumps', name), `-- ${name}`);
    const listed = async (from: string): Promise<string[]> =>
      (await existingReader.list(from)).found.map(({ name }) => name).sort();
    const all = ['monday', 'tuesday'].map((day) => join(at, `dumps/${day}.sql`));
    expect(await listed(join(at, 'dumps/*.sql'))).toEqual(all);
    expect(await listed(join(at, '*/{monday,tuesday}.sql'))).toEqual(all);
    await expect(listed(join(at, 'dumps/sunday.sql'))).rejects.toThrow(/no such file or folder/);
  });
});
