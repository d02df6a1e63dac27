import { appendFileSync, cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { memoryFiles } from '../support/memory-drill.ts';
import { jsonOf, muster, type Ended } from '../support/muster.ts';
import { scratch } from '../support/scratch.ts';

interface Said {
  backups: {
    backup: string;
    strategy: string | null;
    ok: boolean;
    ageMs: number | null;
    proof: { drill: string; tookMs: number; checks: string[] } | null;
    seenToFail: Record<string, string | null>;
  }[];
  unusable: { drill: string; why: string }[];
}

/** F44: which backup was last proven, when, by what, and a code for one that was so too long ago. */
let folder: string;
let bundle: string;
let backup: string;
beforeAll(async () => {
  ({ folder } = memoryFiles());
  const { code, stdout, stderr } = await muster(['run', 'scenario.yaml', '--seed', '7'], { cwd: folder });
  expect(code, stdout + stderr).toBe(0);
  bundle = join(folder, globSync('.muster/drills/*', { cwd: folder })[0]!);
  const { backups } = jsonOf<Said>(await muster(['proven', '--json'], { cwd: folder }));
  backup = backups.find(({ backup: name }) => name.endsWith('.snapshot'))!.backup;
}, 90_000);

const proven = (...args: string[]): Promise<Ended> => muster(['proven', ...args], { cwd: folder });
/** The bundle, altered, in a home of its own. */
function homeWith(alter: (copy: string) => void): string {
  const home = mkdtempSync(join(scratch, 'home-'));
  const copy = join(home, 'drills', basename(bundle));
  cpSync(bundle, copy, { recursive: true });
  alter(copy);
  return home;
}

describe('muster proven', { concurrent: true, timeout: 90_000 }, () => {
  test('says of each backup when it was restored and found right, by which drill, and against what', async () => {
    const [text, json] = await Promise.all([proven(backup), proven(backup, '--json')]);
    expect([text.code, json.code, text.stderr]).toEqual([0, 0, '']);
    expect(text.stdout).toContain(`✓ ${backup}  proven `);
    expect(text.stdout).toMatch(
      /\n {4}by \S+ \(\S+, strategy \S+\); of a point taken at [^;]+ old; right again after [^;]+; held against ledger/,
    );
    const { backups, unusable } = jsonOf<Said>(json);
    expect(unusable).toEqual([]);
    expect(backups).toMatchObject([
      { backup, ok: true, proof: { drill: basename(bundle), checks: expect.arrayContaining(['ledger']) } },
    ]);
    const result = JSON.parse(readFileSync(join(bundle, 'result.json'), 'utf8')) as {
      time: { rtaMs: number };
    };
    expect(backups[0]!.proof!.tookMs).toBe(result.time.rtaMs);
  });

  test.each([
    ['within 90 days', ['--within', '90d'], 0],
    ['longer ago than it may be', ['--within', '1ms'], 1],
  ] as const)('%s', async (_, args, code) => {
    const ended = await proven(backup, ...args);
    expect(ended.code, ended.stdout).toBe(code);
    if (code === 1) expect(ended.stdout).toMatch(/^✗ .*: longer ago than 1ms$/m);
  });

  test('what no drill restored was never proven: declared and not named, or named and not declared', async () => {
    const [all, one] = await Promise.all([proven(), proven(backup, 'mysql.daily')]);
    expect([all.code, one.code]).toEqual([1, 1]);
    expect(all.stdout).toContain(`✗ ${backup.replace('snapshot', 'log')}  never proven restorable`);
    expect(one.stdout).toContain('✗ mysql.daily  never proven restorable');
    for (const { stdout } of [all, one]) expect(stdout).toContain(`✓ ${backup}  proven`);
  });

  test('where no drill is, nothing is proven', async () => {
    const ended = await proven('--home', mkdtempSync(join(scratch, 'home-')));
    expect([ended.code, ended.stdout]).toEqual([1, expect.stringMatching(/says anything of a backup/)]);
  });

  test('a duration without a unit is wrong input', async () => {
    expect(await proven('--within', '90')).toMatchObject({ code: 64, stderr: expect.stringMatching(/90d/) });
  });

  test('a drill that failed proves nothing, and says which backups it could have proven', async () => {
    const failed = memoryFiles({ scenario: { recover: 'automatic', giveUp: '3s' } }).folder;
    expect((await muster(['run', 'scenario.yaml', '--seed', '7'], { cwd: failed })).code).toBe(1);
    const ended = await muster(['proven', '--json'], { cwd: failed });
    expect(ended.code).toBe(1);
    expect(jsonOf<Said>(ended).backups).toMatchObject([
      { backup: expect.stringMatching(/\.log$/), ok: false, proof: null, ageMs: null },
      { backup: expect.stringMatching(/\.snapshot$/), ok: false, proof: null, ageMs: null },
    ]);
  });

  test("of a check of the user's own it says where it was seen to fail, or that it has no known-bad run", async () => {
    const { folder: own } = memoryFiles({ hostCommands: true, scenario: { check: '[ledger, ours]' } });
    appendFileSync(
      join(own, 'strategy.yaml'),
      "invariants: { ours: { command: [sh, -c, 'test ! -e broken || ! test -e asked; e=$?; touch asked; exit $e'], in: host } }\n",
    );
    const run = (): Promise<Ended> =>
      muster(['run', 'scenario.yaml', '--seed', '7', '--allow-host-commands'], { cwd: own });
    const said = async (): Promise<Said['backups'][number]> => {
      const { backups } = jsonOf<Said>(await muster(['proven', '--json'], { cwd: own }));
      return backups.find(({ proof }) => proof !== null)!;
    };
    expect((await run()).code).toBe(0);
    expect((await said()).seenToFail).toEqual({ ours: null });
    // It holds before the fault, and not after it.
    rmSync(join(own, 'asked'));
    writeFileSync(join(own, 'broken'), '');
    expect((await run()).code).toBe(1);
    const { seenToFail, proof } = await said();
    expect(seenToFail).toEqual({ ours: expect.stringMatching(/./) });
    expect(seenToFail['ours']).not.toBe(proof!.drill);
    expect((await muster(['proven'], { cwd: own })).stdout).toContain(
      `ours was seen to fail in ${seenToFail['ours']}`,
    );
  });

  test.each<[string, (copy: string) => void, RegExp]>([
    ['whose manifest is gone', (copy) => rmSync(join(copy, 'manifest.json')), /manifest\.json is missing/],
    [
      'whose result was written anew',
      (copy) =>
        writeFileSync(join(copy, 'result.json'), `${readFileSync(join(copy, 'result.json'), 'utf8')} `),
      /result\.json is not what/,
    ],
    ['whose timeline goes on', (copy) => appendFileSync(join(copy, 'events.jsonl'), '{}\n'), /events\.jsonl/],
    ['that is none', (copy) => rmSync(join(copy, 'events.jsonl')), /no events\.jsonl/],
  ])('a bundle %s proves nothing, and is told of', async (_, alter, why) => {
    const ended = await proven('--home', homeWith(alter), '--json');
    expect(ended.code).toBe(1);
    const { backups, unusable } = jsonOf<Said>(ended);
    expect(backups.filter(({ proof }) => proof !== null)).toEqual([]);
    expect(unusable).toEqual([{ drill: basename(bundle), why: expect.stringMatching(why) }]);
  });
});
