import { globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { MusterError } from '../../core/errors.ts';
import { judgeBundle, writeReportsAgain } from '../../evidence/bundle.ts';
import { copyOf, forgeManifest, withoutManifest } from '../support/forgery.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { change, inconsistent, inOrder, plain, rechained } from './forgeries.ts';
import { besideForgery } from './honest.ts';

/** What a report may look at beside the result. */
const evidence = expect.objectContaining({ events: expect.any(Array) }) as object;

/** One good drill, with the process for itself, and two that fail: what a forger would like to pass. */
const good = drillInMemory();
const holes = good.then(() => drillInMemory({ config: '{ bad: { omit: { every: 10, of: groups } } }' }));
const beyond = good.then(() => drillInMemory({ rpo: '30s', every: '1m' }));

function neverPasses(bundle: string, says: RegExp): void {
  let judged: ReturnType<typeof judgeBundle>;
  try {
    judged = judgeBundle(bundle, registries);
  } catch (error) {
    expect(error).toBeInstanceOf(MusterError);
    expect((error as MusterError).trouble).toBe('input');
    return;
  }
  const { result, damage } = judged;
  expect(result.verdict).not.toBe('pass');
  expect([1, 2]).toContain(result.exitCode);
  expect([damage ?? '', ...result.findings.map(({ id, detail }) => `${id}: ${detail}`)].join('\n')).toMatch(
    says,
  );
}

describe('a good bundle', () => {
  it('stays what it was: the same result, no damage, and nothing of it is written anew', async () => {
    const { folder, result } = await good;
    expect(
      result.findings.filter(({ verdict }) => verdict !== 'pass').map(({ id, detail }) => `${id}: ${detail}`),
    ).toEqual([]);
    const bundle = copyOf(folder);
    const before = new Map(
      globSync('*', { cwd: bundle }).map((name) => [name, readFileSync(join(bundle, name), 'base64')]),
    );
    const judged = judgeBundle(bundle, registries);
    expect(judged).toEqual({ result, damage: null, altered: false, evidence });
    await writeReportsAgain(bundle, judged, registries);
    expect(
      new Map(
        globSync('*', { cwd: bundle }).map((name) => [name, readFileSync(join(bundle, name), 'base64')]),
      ),
    ).toEqual(before);
  });
  it('gets a report back that was deleted, byte for byte, and none that its manifest does not vouch for', async () => {
    const bundle = copyOf((await good).folder);
    const page = readFileSync(join(bundle, 'report.html'));
    rmSync(join(bundle, 'report.html'));
    const judged = judgeBundle(bundle, registries);
    const { result, damage } = judged;
    expect([damage, result.verdict]).toEqual([null, 'pass']);
    await writeReportsAgain(bundle, { ...judged, result: { ...result, title: 'Another title' } }, registries);
    expect(globSync('report.html', { cwd: bundle })).toEqual([]);
    await writeReportsAgain(bundle, judged, registries);
    expect(readFileSync(join(bundle, 'report.html'))).toEqual(page);
    expect(judgeBundle(bundle, registries).damage).toBeNull();
  });
  it('is the only thing that is written to: a link in it leads nowhere', async () => {
    const bundle = copyOf((await good).folder);
    const elsewhere = join(dirname(bundle), 'elsewhere');
    writeFileSync(elsewhere, "somebody else's");
    const page = readFileSync(join(bundle, 'report.html'));
    rmSync(join(bundle, 'report.html'));
    symlinkSync(elsewhere, join(bundle, 'report.html.partial'));
    await writeReportsAgain(bundle, judgeBundle(bundle, registries), registries);
    const out = join(dirname(bundle), 'reports');
    mkdirSync(out);
    symlinkSync(elsewhere, join(out, 'report.html'));
    await writeReportsAgain(out, judgeBundle(bundle, registries), registries);
    expect(readFileSync(elsewhere, 'utf8')).toBe("somebody else's");
    for (const folder of [bundle, out]) expect(readFileSync(join(folder, 'report.html'))).toEqual(page);
  });
  it.each([...besideForgery].map(([forgery, honest]) => ({ forgery, ...honest })))(
    'is whole, and passes, beside "$forgery": $what',
    async ({ treat }) => {
      const bundle = copyOf((await good).folder);
      const { result, damage, altered } = judgeBundle(treat(bundle) ?? bundle, registries);
      expect([damage, altered]).toEqual([null, false]);
      expect(
        result.findings
          .filter(({ verdict }) => verdict !== 'pass')
          .map(({ id, detail }) => `${id}: ${detail}`),
      ).toEqual([]);
      expect(result).toMatchObject({ verdict: 'pass', exitCode: 0 });
    },
  );
  it.each([
    ['holes', holes],
    ['a loss beyond the objective', beyond],
  ])('of a drill that failed (%s) is whole, and fails again', async (_what, drill) => {
    const { folder, result } = await drill;
    expect(result.exitCode).toBe(1);
    expect(judgeBundle(folder, registries)).toEqual({ result, damage: null, altered: false, evidence });
  });
});

describe('a bundle that was altered never passes', () => {
  it.each(plain)('%s', async (_what, alter, says) => {
    const bundle = copyOf((await good).folder);
    alter(bundle);
    neverPasses(bundle, says);
  });
  describe.each([
    ['holes', holes],
    ['a loss beyond the objective', beyond],
    ['nothing wrong', good],
  ])('its chain made anew, over a drill with %s', (_what, drill) => {
    it.each(rechained)('%s: its manifest contradicts', async (_what, alter) => {
      const bundle = copyOf((await drill).folder);
      alter(bundle);
      neverPasses(bundle, /is not what manifest\.json says/);
    });
    it.each(rechained)('%s: its manifest is gone', async (_what, alter) => {
      const bundle = copyOf((await drill).folder);
      inOrder(alter, withoutManifest)(bundle);
      neverPasses(bundle, /manifest\.json is missing/);
    });
  });
  it.each(inconsistent)(
    '%s: it contradicts itself, whatever its manifest says',
    async (_what, alter, says) => {
      const bundle = copyOf((await good).folder);
      inOrder(alter, forgeManifest)(bundle);
      neverPasses(bundle, says);
    },
  );
});

describe('a bundle that nobody can judge is refused, as input', () => {
  it.each([
    [
      'a drill whose name leads elsewhere',
      change('drill.begun', (data: { drill: string }) => void (data.drill = '../../elsewhere')),
      /names a drill that cannot be/,
    ],
    [
      'a drill without a scenario',
      change('drill.begun', (data: { scenario: unknown }) => void (data.scenario = null)),
      /cannot be judged/,
    ],
    [
      'a timeline that is a folder',
      (bundle: string) => {
        rmSync(join(bundle, 'events.jsonl'));
        mkdirSync(join(bundle, 'events.jsonl'));
      },
      /is not a drill's bundle/,
    ],
    ['no timeline', (bundle: string) => rmSync(join(bundle, 'events.jsonl')), /is not a drill's bundle/],
  ])('%s', async (what, alter, says) => {
    const bundle = copyOf((await good).folder);
    alter(bundle);
    if (!what.startsWith('a timeline')) forgeManifest(bundle);
    expect(() => judgeBundle(bundle, registries)).toThrow(
      expect.objectContaining({
        name: 'MusterError',
        trouble: 'input',
        message: expect.stringMatching(says) as string,
      }) as Error,
    );
  });
});
