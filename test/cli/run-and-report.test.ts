import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { readChain } from '../../evidence/chain.ts';
import { memoryFiles, type MemoryDrill } from '../support/memory-drill.ts';
import { jsonOf, muster, startMuster, type Ended, type MusterOptions } from '../support/muster.ts';
import { damages, forgeries } from './damaged-bundles.ts';

interface Ran extends Ended {
  folder: string;
  bundle: string;
}
type Drills = { schema: string; drills: { folder: string; result: DrillResult; damage?: string | null }[] };

async function drill(kind: MemoryDrill = {}, args: string[] = [], options: MusterOptions = {}): Promise<Ran> {
  const { folder } = memoryFiles(kind);
  const ended = await muster(['run', 'scenario.yaml', ...args], { cwd: folder, ...options });
  const [bundle] = globSync('{.muster,out}/drills/*', { cwd: folder });
  return { ...ended, folder, bundle: bundle ? join(folder, bundle) : '' };
}

/** What a terminal takes for an order: control characters but for ends of lines, and changes of direction. */
const steers = /[^\P{Cc}\n]|\p{Bidi_Control}/u;
const concurrent = { concurrent: true, timeout: 90_000 };
/** One good drill, told as JSON, for all that needs a bundle. */
const good = drill({}, ['--json', '--seed', '7']);

describe('run', concurrent, () => {
  test('a drill that goes as promised: 0; pure JSON on standard output, progress on standard error, no colour in a pipe', async () => {
    const ran = await good;
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    const { schema, drills } = jsonOf<Drills>(ran);
    expect({ schema, count: drills.length }).toEqual({ schema: 'muster/run/v1', count: 1 });
    expect(drills[0]!.result).toEqual(JSON.parse(readFileSync(join(ran.bundle, 'result.json'), 'utf8')));
    expect(drills[0]!.result).toMatchObject({ verdict: 'pass', exitCode: 0, seed: 7 });
    expect(join(ran.folder, drills[0]!.folder)).toBe(ran.bundle);
    expect(ran.stderr).not.toContain('\u001b');
    for (const line of ran.stderr.trimEnd().split('\n')) expect(line).toMatch(/^\d\d:\d\d:\d\dZ \S/);
    for (const phase of ['up', 'seed', 'protect', 'break', 'detect', 'recover', 'verify', 'heal', 'down'])
      expect(ran.stderr).toMatch(new RegExp(`Z ${phase}: took `));
  });

  test('the client is told while a load runs, and no longer', async () => {
    const { stderr } = await good;
    expect(stderr).toMatch(/Z client: [\d ]+\/s right/);
    expect(stderr.slice(stderr.indexOf('Z verify'))).not.toContain('client');
  });

  test('an objective missed: 1, and the last line says it again', async () => {
    const { code, stdout, bundle } = await drill({ rpo: '30s', every: '1m' });
    expect(code, stdout).toBe(1);
    expect(stdout).toMatch(/^✗ FAIL {2}A drill in memory\n/);
    expect(stdout).toMatch(
      new RegExp(`\n✗ FAIL {2}report: \\.muster/drills/${basename(bundle)}/report\\.html\n\n$`),
    );
    expect(stdout).not.toContain('\u001b');
  });

  test('something not measured: 2', async () => {
    const { code, stdout } = await drill({ config: '{ bad: { readBack: fails } }' });
    expect(code, stdout).toBe(2);
    expect(stdout).toMatch(/^\? INCONCLUSIVE/);
  });

  test('the gravest of several is the answer, with one line each at the end', async () => {
    const first = memoryFiles();
    const second = memoryFiles({ config: '{ bad: { readBack: fails } }' });
    const { code, stdout, stderr } = await muster(['run', first.file, second.file], { cwd: first.folder });
    expect(code, stdout).toBe(2);
    expect(stdout).toMatch(/\? INCONCLUSIVE {2}2 drills: 1 passed, 0 failed, 1 inconclusive\n$/);
    expect(stderr).toMatch(/drill 1 of 2: memory[^]*drill 2 of 2: memory/);
  });

  test('--out says where bundles go, --keep leaves the stores in them', async () => {
    const { code, folder, bundle, stdout } = await drill({}, ['--out', 'out', '--keep']);
    expect(code, stdout).toBe(0);
    expect(dirname(bundle)).toBe(join(folder, 'out/drills'));
    expect(existsSync(join(folder, '.muster'))).toBe(false);
    expect(globSync('stores/*', { cwd: bundle }).sort()).toEqual(['stores/a', 'stores/b']);
    expect(existsSync(join((await good).bundle, 'stores'))).toBe(false);
  });

  test('FORCE_COLOR colours a pipe, NO_COLOR does not; several may write the same reports at once', async () => {
    const bundle = (await good).bundle;
    const colored = async (env: Record<string, string>): Promise<boolean> => {
      const { code, stdout, stderr } = await muster(
        ['report', bundle, '--out', join(bundle, '../../colour')],
        { env },
      );
      expect(code, stderr).toBe(0);
      return stdout.includes('\u001b[');
    };
    expect(
      await Promise.all([
        colored({ FORCE_COLOR: '1' }),
        colored({ NO_COLOR: '1' }),
        colored({ FORCE_COLOR: '0' }),
        colored({}),
      ]),
    ).toEqual([true, false, false, false]);
  });

  test('something in Muster itself that breaks: 70, the drill is ended in order, and no pass', async () => {
    // Once the drill writes its timeline, however long its start takes.
    const slip = `
      import { globSync } from 'node:fs';
      const look = setInterval(() => {
        if (globSync('.muster/drills/*/events.jsonl').length === 0) return;
        clearInterval(look);
        setTimeout(() => { throw new Error('a slip of ours'); }, 1000).unref();
      }, 50).unref();`;
    const breaks = `--import=data:text/javascript,${encodeURIComponent(slip)}`;
    const { code, stdout, stderr, bundle } = await drill({}, [], { env: { NODE_OPTIONS: breaks } });
    expect(code, stdout + stderr).toBe(70);
    expect(stderr).toMatch(/Muster itself broke: Error: a slip of ours\n +at /);
    expect(stdout).not.toMatch(/PASS {2}/);
    const { events, broken } = readChain(readFileSync(join(bundle, 'events.jsonl'), 'utf8'));
    expect(broken).toBeNull();
    expect(events.at(-1)).toMatchObject({
      type: 'drill.ended',
      data: { outcome: 'aborted', error: 'a slip of ours' },
    });
    expect(existsSync(join(bundle, 'stores'))).toBe(false);
  });

  test('a reader that stops reading does not stop the drill', async () => {
    const { folder } = memoryFiles();
    const started = startMuster(['run', 'scenario.yaml'], { cwd: folder });
    started.child.stdout!.destroy();
    await started.said(/Z up/);
    started.child.stderr!.destroy();
    expect((await started.ended).code).toBe(0);
    expect(globSync('.muster/drills/*/result.json', { cwd: folder })).toHaveLength(1);
  });

  test('a place that cannot be written: 69 and one clear error, before anything is started', async () => {
    const { folder } = memoryFiles();
    writeFileSync(join(folder, 'taken'), 'a file, not a folder');
    const { code, stdout, stderr } = await muster(['run', 'scenario.yaml', '--out', 'taken'], {
      cwd: folder,
    });
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
    expect(stderr).toMatch(/error: the evidence cannot be written[^]*found: +ENOTDIR[^]*hint: +--out/);
    expect(stderr).not.toMatch(/Z up/);
  });
});

describe('report', concurrent, () => {
  const copyOf = async (alter: (bundle: string) => void = () => undefined): Promise<string> => {
    const bundle = join(mkdtempSync(join(tmpdir(), 'muster-report-')), 'copy');
    cpSync((await good).bundle, bundle, { recursive: true });
    alter(bundle);
    return bundle;
  };

  test('judges again with the same result, byte for byte, and the same exit code', async () => {
    const bundle = await copyOf();
    const { code, stdout, stderr } = await muster(['report', bundle, '--out', join(bundle, '../again')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^✓ PASS/);
    const again = globSync(join(bundle, '../again/*'))[0]!;
    expect(globSync('*', { cwd: again }).sort(), 'no manifest: only the run itself vouches').toEqual([
      'junit.xml',
      'report.html',
      'report.pdf',
      'result.json',
      'summary.md',
    ]);
    for (const name of ['result.json', 'junit.xml', 'summary.md', 'report.html', 'report.pdf']) {
      expect(readFileSync(join(again, name)), name).toEqual(readFileSync(join(bundle, name)));
    }
  });

  test('--out that leads to a bundle of that drill changes none of its reports, and says so', async () => {
    const original = await copyOf();
    const { drill } = JSON.parse(readFileSync(join(original, 'manifest.json'), 'utf8')) as { drill: string };
    renameSync(original, join(dirname(original), drill));
    const before = globSync('*', { cwd: join(dirname(original), drill) })
      .sort()
      .map((name) => [name, readFileSync(join(dirname(original), drill, name), 'base64')]);
    const forged = await copyOf((bundle) => rmSync(join(bundle, 'manifest.json')));
    const { code, stderr } = await muster(['report', forged, '--out', dirname(original)]);
    expect(
      { code, told: /is a bundle already: into it goes only what its manifest vouches for/.test(stderr) },
      stderr,
    ).toEqual({ code: 2, told: true });
    expect(
      globSync('*', { cwd: join(dirname(original), drill) })
        .sort()
        .map((name) => [name, readFileSync(join(dirname(original), drill, name), 'base64')]),
    ).toEqual(before);
  });

  test('finds a bundle by its id, and writes into it', async () => {
    const { folder, bundle } = await good;
    const ended = await muster(['report', basename(bundle), '--json'], { cwd: folder });
    expect(ended.code).toBe(0);
    expect(jsonOf<Drills>(ended).drills[0]).toMatchObject({
      folder: `.muster/drills/${basename(bundle)}`,
      damage: null,
      result: { verdict: 'pass' },
    });
  });

  test.each(damages)('%s is told and never passes', async (_what, alter, says) => {
    const bundle = await copyOf(alter);
    const { code, stdout, stderr } = await muster(['report', bundle]);
    expect([1, 2, 64]).toContain(code);
    expect(stdout).not.toMatch(/✓ PASS/);
    expect(stdout + stderr).toMatch(says);
    expect(stdout + stderr).not.toMatch(steers);
  });

  test.each(forgeries)('%s is told, never passes, and gets no new manifest', async (_what, alter, says) => {
    const bundle = await copyOf(alter);
    const before = globSync('*', { cwd: bundle })
      .sort()
      .map((name) => [name, readFileSync(join(bundle, name), 'base64')]);
    const { code, stdout, stderr } = await muster(['report', bundle]);
    expect({ code, passes: stdout.includes('✓ PASS') }).toEqual({ code: 2, passes: false });
    expect(stderr).toMatch(says);
    expect(stdout + stderr).not.toMatch(steers);
    expect(stderr).toContain('nothing was written into it');
    expect(
      globSync('*', { cwd: bundle })
        .sort()
        .map((name) => [name, readFileSync(join(bundle, name), 'base64')]),
    ).toEqual(before);
    const elsewhere = join(bundle, '../elsewhere');
    const again = await muster(['report', bundle, '--json', '--out', elsewhere]);
    expect(again.code).toBe(2);
    expect(jsonOf<Drills>(again).drills[0]).toMatchObject({
      damage: expect.stringMatching(says) as string,
      result: { verdict: 'inconclusive' },
    });
    expect(
      globSync('*/*', { cwd: elsewhere })
        .map((path) => basename(path))
        .sort(),
    ).toEqual(['junit.xml', 'report.html', 'report.pdf', 'result.json', 'summary.md']);
  });

  test.each([
    ['an empty folder', ''],
    ['no JSON', 'nothing\n'],
    ['JSON of something else', '{"type":"drill.begun"}\n'],
  ])('%s is no bundle: 64', async (_what, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-no-bundle-'));
    if (text) writeFileSync(join(folder, 'events.jsonl'), text);
    const { code, stdout, stderr } = await muster(['report', folder]);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(text ? /holds no drill/ : /is not a drill's bundle/);
  });
});
