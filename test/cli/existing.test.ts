import { globSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { DrillResult } from '../../core/result.ts';
import { memoryFiles } from '../support/memory-drill.ts';
import { jsonOf, muster, type Ended } from '../support/muster.ts';

interface Written {
  components: Record<string, Record<string, unknown>>;
}
let folder: string;
let component: string;
const dump = (newest: string): string =>
  `-- memory dump of shop\norders 1 one\norders 2 two\nmeta 1 ${newest}\n-- end\n`;

beforeAll(() => {
  ({ folder } = memoryFiles());
  component = Object.keys(
    (parse(readFileSync(join(folder, 'strategy.yaml'), 'utf8')) as Written).components,
  )[0]!;
  writeFileSync(join(folder, 'last-night.dump'), dump(new Date().toISOString()));
  writeFileSync(join(folder, 'last-year.dump'), dump('2025-01-01 00:00:00'));
});
const run = (...args: string[]): Promise<Ended> => muster(args, { cwd: folder });
const restoreTest = (...args: string[]): Promise<Ended> =>
  run('restore-test', '--component', component, ...args);
const fresh = ['--newest', 'meta.1', '--within', '26h'];

describe('muster restore-test of a file', () => {
  test('passes, of one that is fresh and holds what is expected: 0', async () => {
    const { code, stdout, stderr } = await restoreTest(
      '--from',
      './last-night.dump',
      ...fresh,
      '--rows',
      'orders=2',
    );
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/^✓ PASS {2}Restore test of store-/);
    const [bundle] = globSync('.muster/drills/*', { cwd: folder });
    expect(await run('report', bundle!)).toMatchObject({ code: 0 });
  });
  test('leaves the file as it is, and nothing beside it but the bundle', async () => {
    const look = (): [string, number, string][] =>
      readdirSync(folder)
        .filter((name) => name !== '.muster')
        .map((name) => [
          name,
          statSync(join(folder, name)).mtimeMs,
          readFileSync(join(folder, name), 'utf8'),
        ]);
    const before = look();
    await restoreTest('--from', 'last-night.dump', ...fresh);
    expect(look()).toEqual(before);
  });
  test('fails, of one whose newest record is of last year, however new its file: 1', async () => {
    const ended = await restoreTest('--from', 'last-year.dump', ...fresh, '--json');
    expect(ended.code).toBe(1);
    const { result } = jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills[0]!;
    const finding = result.findings.find(({ id }) => id === `check/${component}.newest`);
    expect(finding).toMatchObject({ verdict: 'fail', detail: expect.stringMatching(/2025-01-01T00:00:00/) });
  });
  test('is no pass where nothing is declared, and says what to declare: 2', async () => {
    const { code, stdout } = await restoreTest('--from', 'last-night.dump');
    expect(code, stdout).toBe(2);
    expect(stdout).toMatch(/add\s+expect: \{ newest:/);
  });
  test('of what the strategy declares, without a flag, and with one laid over it', async () => {
    const strategy = parse(readFileSync(join(folder, 'strategy.yaml'), 'utf8')) as Written;
    const newest = { table: 'meta', column: '1', within: '26h' };
    strategy.components[component]!['existing'] = { from: '*.dump', expect: { newest, rows: { orders: 2 } } };
    writeFileSync(join(folder, 'declared.yaml'), stringify(strategy));
    const tested = await run('restore-test', 'declared.yaml', component, '--from', 'last-night.dump');
    expect(tested.code, tested.stdout + tested.stderr).toBe(0);
    const more = await run(
      'restore-test',
      'declared.yaml',
      component,
      '--from',
      'last-night.dump',
      '--rows',
      'orders=3',
    );
    expect(more.code, more.stdout).toBe(1);
    const all = await run('restore-test', 'declared.yaml', component);
    expect(all.code, 'the newer of the two is the one of last year').toBe(1);
  });

  test.each<[string, string[], RegExp]>([
    ['a file that there is not', ['--from', './none.dump'], /there is no such backup/],
    [
      'a word that is neither store nor file',
      ['--from', 'nowhere'],
      /there is no store "nowhere".*\n.*a, b/s,
    ],
    [
      'several files that a shell made of a pattern',
      ['--from', 'last-night.dump', 'last-year.dump'],
      /quote a pattern/,
    ],
    ['a query without an age', ['--from', 'last-night.dump', '--newest', 'meta.1'], /--within 26h/],
    [
      'an age that is none',
      ['--from', 'last-night.dump', '--newest', 'meta.1', '--within', 'soon'],
      /within.*a duration/s,
    ],
    ['rows that are none', ['--from', 'last-night.dump', '--rows', 'orders'], /table=number/],
    [
      'a fingerprint that is none',
      ['--from', 'last-night.dump', '--fingerprint', 'last-night.dump'],
      /cannot be used/,
    ],
    [
      'an expectation of no backup',
      ['--rows', 'orders=2'],
      /what is expected of a backup is said, and not which/,
    ],
    [
      'a key of nobody',
      ['--from', 'last-night.dump', '--decrypt', 'age'],
      /keyFrom: the name of a secret, or keyFile/,
    ],
    [
      'a way to open that there is not',
      ['--from', 'last-night.dump', '--decrypt', 'rot13', '--key-from', 'K'],
      /age|openssl/,
    ],
  ])('%s is wrong input: 64, and nothing runs', async (_, args, said) => {
    const ended = await restoreTest(...args);
    expect(ended.code, ended.stdout + ended.stderr).toBe(64);
    expect(ended.stderr).toMatch(said);
  });

  test('a key that is not there is no failed backup: 64 of a variable, 69 of a file, before a stack starts', async () => {
    const encrypted = ['--from', 'last-night.dump', ...fresh, '--decrypt', 'age'];
    const unset = await restoreTest(...encrypted, '--key-from', 'MUSTER_NO_SUCH_KEY');
    expect([unset.code, unset.stderr]).toEqual([
      64,
      expect.stringMatching(/secret MUSTER_NO_SUCH_KEY is not set[^]*export MUSTER_NO_SUCH_KEY=/),
    ]);
    const missing = await restoreTest(...encrypted, '--key-file', 'no-such.key');
    expect([missing.code, missing.stderr]).toEqual([
      69,
      expect.stringMatching(/the key of the backup cannot be read[^]*no-such\.key/),
    ]);
  });

  test('one that is encrypted, and nobody said with what, is told how that is said', async () => {
    writeFileSync(join(folder, 'secret.age'), 'age-encryption.org/v1\n-> X25519 abc\n');
    const { code, stdout } = await restoreTest('--from', 'secret.age', ...fresh);
    expect(code).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'decrypt: { with: age, keyFile: … } beside from, or --decrypt age --key-file …',
    );
  });

  test('a declared kind that the server does not have is wrong input, with its line', async () => {
    const strategy = parse(readFileSync(join(folder, 'strategy.yaml'), 'utf8')) as Written;
    strategy.components[component]!['existing'] = { from: '*.dump', expect: { triggers: ['t'] } };
    writeFileSync(join(folder, 'triggers.yaml'), stringify(strategy));
    const { code, stderr } = await run('restore-test', 'triggers.yaml', component);
    expect(code, stderr).toBe(64);
    expect(stderr).toMatch(/triggers\.yaml:\d+:\d+.*\n?.*a server of memory has no triggers/s);
  });
  test('a drill does not restore one', async () => {
    const scenario = parse(readFileSync(join(folder, 'scenario.yaml'), 'utf8')) as object;
    writeFileSync(
      join(folder, 'drill.yaml'),
      stringify({ ...scenario, recover: [{ restoreExisting: component }] }),
    );
    const { code, stderr } = await run('plan', 'drill.yaml');
    expect(code).toBe(64);
    expect(stderr).toMatch(/restored by a restore test alone/);
  });
  test.each<[string, string[], RegExp]>([
    ['no variable', ['--source', 'NO_SUCH_VARIABLE'], /NO_SUCH_VARIABLE names no server/],
    [
      'a URL where a name should be',
      ['--source', 'mysql://root:secret@host'],
      /a URL in the place of a name/,
    ],
  ])('a fingerprint of %s is wrong input: 64', async (_, args, said) => {
    const { code, stderr } = await run('fingerprint', 'strategy.yaml', component, ...args);
    expect(code).toBe(64);
    expect(stderr).toMatch(said);
  });
  test.each([
    ['postgres://u:se-cret@db.example/shop', /would be read over a network without TLS/],
    ['mysql://u:se-cret@10.1.2.3/shop', /would be read over a network without TLS/],
    ['postgres://u:se-cret@127.0.0.1/shop?sslmode=verify-full', /does not speak.*sslmode=verify-full/s],
    ['rediss://:se-cret@127.0.0.1', /does not speak.*rediss:/s],
    ['https://u:se-cret@127.0.0.1', /does not speak.*https:/s],
    ['postgres://db.example/s?user=a&password=se-cret&sslmode=require', /user, password, sslmode=require/],
    ['postgres://127.0.0.1/s?PASSWORD=se-cret', /does not speak.*PASSWORD/s],
    ['mysql://u:50%off-se-cret@127.0.0.1/s', /names no server.*written %25/s],
  ])('a fingerprint by %s is refused before anybody is asked: 64', async (url, said) => {
    const args = ['fingerprint', 'strategy.yaml', component, '--source', 'OF_TEST'];
    const { code, stderr } = await muster(args, { cwd: folder, env: { OF_TEST: url } });
    expect(code, stderr).toBe(64);
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/tls=none|scheme:/);
    expect(stderr).not.toContain('se-cret');
  });
  test.each([
    'mysql://u:p@127.0.0.1:1/shop',
    'redis://LocalHost:1',
    'redis://127.1:1',
    'postgres://u:p@[::1]:1/s',
    'mysql://u:p@db.invalid/s?tls=none',
  ])('a fingerprint by %s gets as far as the server: 69', async (url) => {
    const args = ['fingerprint', 'strategy.yaml', component, '--source', 'OF_TEST'];
    expect((await muster(args, { cwd: folder, env: { OF_TEST: url } })).code).toBe(69);
  });
});
