import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import { beganAt } from '../../engine/process-tree.ts';
import { removeDeadScratch } from '../../stack/dead-drills.ts';
import { currentOwner } from '../../stack/owner.ts';
import { muster, startMuster } from '../support/muster.ts';
import { writeScenario, writeStrategy } from './memory-strategy.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-killed-'));
  writeStrategy(folder);
  const about = { title: 'A drill in memory', fault: '{ wipe-volume: base, at: worst }' };
  writeScenario(join(folder, 'endless.yaml'), { scenario: 'endless', ...about, points: '1000' });
  writeScenario(join(folder, 'next.yaml'), { scenario: 'next', ...about });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Any start of another test would clean up what is killed here, were its temporary folders among these. */
const alone = (): { cwd: string; env: { TMPDIR: string } } => ({ cwd: folder, env: { TMPDIR: folder } });
const nothingRuns = async (): Promise<boolean> => true;
const found = (pattern: string): string[] => globSync(join(folder, '.muster/drills', pattern));

/** A drill that was killed with recovery points in its own stores. Gives its folder. */
async function killedDrill(...flags: string[]): Promise<string> {
  const started = startMuster(['run', 'endless.yaml', ...flags], alone());
  const points = '*-endless-*/stores/**/point.json';
  expect(
    await pollUntil(systemClock, { everyMs: 20, deadlineMs: 60_000 }, async () => found(points).length > 0),
  ).toBe(true);
  started.child.kill('SIGKILL');
  await once(started.child, 'exit').catch(() => undefined);
  const [drill] = found('*-endless-*');
  writeFileSync(join(mkScratch(drill!), 'dump.sql'), 'CREATE USER root IDENTIFIED BY secret');
  return drill!;
}

/** As a step of a recovery lays plain files down. */
function mkScratch(drill: string): string {
  const path = join(drill, 'scratch/1');
  mkdirSync(path, { recursive: true });
  return path;
}

test('what a drill that was killed has in clear goes with the next start, and its evidence stays', {
  timeout: 120_000,
}, async () => {
  const drill = await killedDrill();
  const { code, stderr } = await muster(['run', 'next.yaml'], alone());
  expect(code, stderr).toBe(0);
  expect(readdirSync(drill).toSorted()).toEqual(['events.jsonl', 'ledger.bin']);
  expect(stderr).toMatch(/removed what a killed drill left in clear: 2 folders/);
  expect(found('*-next-*/{scratch,stores}'), 'of the one that ended by itself').toEqual([]);
});

test('it goes as well with a start somewhere else', { timeout: 120_000 }, async () => {
  const drill = await killedDrill();
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  const { code, stderr } = await muster(['run', '../next.yaml'], { ...alone(), cwd: elsewhere });
  expect(code, stderr).toBe(0);
  expect(readdirSync(drill).toSorted()).toEqual(['events.jsonl', 'ledger.bin']);
});

test('a script on the host that it ran is ended before what it works in goes', {
  timeout: 120_000,
}, async () => {
  appendFileSync(join(folder, 'strategy.yaml'), 'hostCommands: true\n');
  const script = `echo $$ > begun; while :; do [ -d "$MUSTER_SCRATCH" ] || : > no-scratch; sleep 0.01; done`;
  const recover = `[{ restore: base, from: a }, { command: [sh, -c, '${script}'], in: host }]`;
  const title = 'A drill with a script';
  writeScenario(join(folder, 'scripted.yaml'), { scenario: 'scripted', title, recover });
  const started = startMuster(['run', 'scripted.yaml', '--allow-host-commands'], alone());
  const begun = join(folder, 'begun');
  const pid = (): number => (existsSync(begun) ? Number(readFileSync(begun, 'utf8')) : 0);
  try {
    const isNoted = (): boolean => pid() > 0 && found('*-scripted-*/scratch/.commands/*').length > 0;
    await pollUntil(systemClock, { everyMs: 20, deadlineMs: 60_000 }, async () => isNoted());
    started.child.kill('SIGKILL');
    await started.ended;
    expect(pid(), started.stderr).toBeGreaterThan(0);
    expect(beganAt(pid())).not.toBeNull();
    const { code, stderr } = await muster(['run', 'next.yaml'], alone());
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('ended what a killed drill left running: 1 command on the host');
    expect(beganAt(pid())).toBeNull();
    expect(existsSync(join(folder, 'no-scratch'))).toBe(false);
    expect(found('*-scripted-*/scratch')).toEqual([]);
  } finally {
    if (pid() > 0 && beganAt(pid()) !== null) process.kill(-pid(), 'SIGKILL');
  }
});

test('the stores of --keep stay, and plain files go', { timeout: 120_000 }, async () => {
  const drill = await killedDrill('--keep');
  expect(await removeDeadScratch(join(folder, '.muster'), nothingRuns)).toEqual([join(drill, 'scratch')]);
  expect(existsSync(join(drill, 'stores'))).toBe(true);
});

test('nothing goes of a drill that runs, of one without a mark, and beyond a link', async () => {
  const home = join(folder, '.muster');
  const [outside, elsewhere] = [join(folder, 'outside'), join(folder, 'elsewhere')];
  const dead = currentOwner().replace(/^\d+:\d+/, '2:1');
  const laid = (path: string, owner: string | null): string => {
    mkdirSync(join(path, 'scratch'), { recursive: true });
    mkdirSync(join(path, 'stores'));
    writeFileSync(join(path, 'stores/precious'), '');
    if (owner !== null) writeFileSync(join(path, 'scratch/.owner'), owner);
    return path;
  };
  const kept = [
    laid(join(home, 'drills/alive'), currentOwner()),
    laid(join(home, 'drills/unmarked'), null),
    laid(
      join(home, 'drills/another-machine'),
      dead.replace(/:[^:]*(:[^:]*)$/, ':00000000-0000-4000-8000-000000000000.1$1'),
    ),
    laid(outside, dead),
  ];
  symlinkSync(outside, join(home, 'drills/link'));
  laid(elsewhere, dead);
  mkdirSync(join(home, 'drills/linked/scratch'), { recursive: true });
  writeFileSync(join(home, 'drills/linked/scratch/.owner'), dead);
  symlinkSync(join(elsewhere, 'stores'), join(home, 'drills/linked/stores'));
  const gone = laid(join(home, 'drills/dead'), dead);
  expect((await removeDeadScratch(home, nothingRuns)).toSorted()).toEqual(
    [join(gone, 'scratch'), join(gone, 'stores'), join(home, 'drills/linked/scratch')].toSorted(),
  );
  for (const path of [...kept, elsewhere]) expect(existsSync(join(path, 'stores/precious')), path).toBe(true);
  expect(existsSync(dirname(join(gone, 'scratch')))).toBe(true);
});
