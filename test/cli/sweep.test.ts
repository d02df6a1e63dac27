import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chalkFor, exitCodeOfError, formatError } from '../../cli/output.ts';
import { registries } from '../../cli/registries.ts';
import type { DrillResult } from '../../core/result.ts';
import { planDrill } from '../../engine/plan.ts';
import type { Sweep } from '../../reports/sweep.ts';
import { writeScenario, writeStrategy } from './memory-strategy.ts';
import { noStacks } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-sweep-'));
  writeStrategy(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function scenario(name: string, change: Record<string, string> = {}): string {
  const file = join(folder, `${name}.yaml`);
  writeScenario(file, {
    scenario: name,
    title: 'The same drill at several moments',
    sweep: '[backup.begun, worst]',
    ...change,
  });
  return file;
}

const muster = (...argv: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...argv], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });

interface Printed {
  drills: { folder: string; result: DrillResult }[];
  sweeps?: Sweep[];
}

// They wait for the most part, and each has files and processes of its own.
describe('muster run of a scenario with a sweep', { concurrent: true, timeout: 120_000 }, () => {
  test('drills each moment, and reports the worst figures with the moment that causes them', async () => {
    const { code, stdout, stderr } = await muster(
      'run',
      scenario('swept'),
      '--json',
      '--out',
      join(folder, 'out'),
    );
    expect(code, stderr).toBe(0);
    const { drills, sweeps } = JSON.parse(stdout) as Printed;
    expect(drills).toHaveLength(2);
    const [sweep] = sweeps!;
    expect(
      sweep!.moments.map(({ at, drill, rtaMs, rpaMs, verdict }) => ({ at, drill, rtaMs, rpaMs, verdict })),
    ).toEqual(
      drills.map(({ result }, i) => ({
        at: ['backup.begun', 'worst'][i],
        drill: result.drill,
        rtaMs: result.time.rtaMs,
        rpaMs: result.data.rpaMs,
        verdict: result.verdict,
      })),
    );
    expect(sweep!.missing).toEqual([]);
    for (const [figure, of] of [
      ['rta', (one: Sweep['moments'][number]) => one.rtaMs],
      ['rpa', (one: Sweep['moments'][number]) => one.rpaMs],
    ] as const) {
      const largest = Math.max(...sweep!.moments.map((one) => of(one)!));
      expect(sweep!.worst[figure]).toEqual({
        ms: largest,
        at: sweep!.moments.find((one) => of(one) === largest)!.at,
        unmeasured: [],
      });
    }
    expect(sweep!.worst.verdict).toBe('pass');
    // Each fault really struck at its moment: the timelines differ in nothing else.
    const begun = drills.map(({ folder: bundle }) => {
      const events = eventsIn(join(folder, bundle));
      const first = events[0]!;
      return first.type === 'drill.begun' ? first.data.scenario : null;
    });
    expect(begun.map((one) => [one!.scenario, one!.fault[0]!.at, one!.sweep])).toEqual([
      ['swept', 'backup.begun', undefined],
      ['swept', 'worst', undefined],
    ]);
  });

  test('prints the table at the end, red where one moment is, and gives the gravest code', async () => {
    const { code, stdout } = await muster(
      'run',
      scenario('red', { recover: 'automatic', sweep: '[backup.begun, backup.durable]', giveUp: '3s' }),
      '--out',
      join(folder, 'out'),
    );
    expect(code).toBe(1);
    const table = stdout.slice(stdout.indexOf('red: the same drill at 2 moments'));
    expect(table).toMatch(
      /moment +RTA +RPA +verdict\n +backup\.begun +not measured .*FAIL\w*\n +backup\.durable +not measured .*FAIL\w*\n +right again: 0 of 2\n +worst RTA: not measured\n/i,
    );
  });

  test('and of others besides keeps them apart', async () => {
    const plain = scenario('plain');
    writeFileSync(plain, readFileSync(plain, 'utf8').replace(/^sweep:.*\n/m, ''));
    const both = JSON.parse(
      (
        await muster(
          'run',
          scenario('swept-again', { sweep: '[worst]' }),
          plain,
          '--json',
          '--out',
          join(folder, 'out'),
        )
      ).stdout,
    ) as Printed;
    expect(both.drills.map(({ result }) => result.scenario)).toEqual(['swept-again', 'plain']);
    expect(both.sweeps!.map((one) => [one.scenario, one.moments.length])).toEqual([['swept-again', 1]]);
  });
});

describe('muster plan', () => {
  test('shows the sweep, in text and JSON', async () => {
    const file = scenario('planned', { sweep: '[backup.begun, backup.uploading, worst]' });
    const { stdout } = await muster('plan', file);
    expect(stdout).toMatch(/break +wipe-volume on base, at each moment of the sweep\n/);
    expect(stdout).toMatch(
      /sweep +wipe-volume at each of backup\.begun, backup\.uploading, worst: 3 drills\n/,
    );
    const { plans } = JSON.parse((await muster('plan', file, '--json')).stdout) as {
      plans: { sweep: string[] | null }[];
    };
    expect(plans[0]!.sweep).toEqual(['backup.begun', 'backup.uploading', 'worst']);
  });

  test.each([
    ['a moment that is none', { sweep: '[backup.begum]' }, /planned\.yaml:11:9: .*/],
    [
      'the same moment twice',
      { sweep: '[worst, worst]' },
      /planned\.yaml:11:16: error: worst stands twice in the sweep/,
    ],
    [
      'a moment of a restore, with nothing broken before it',
      { sweep: '[worst, restore.begun]' },
      /planned\.yaml:11:16: error: nothing is broken before the recovery/,
    ],
    [
      'a moment of a restore where nothing is restored',
      {
        sweep: '[restore.begun]',
        fault: '[{ crash: base }, { crash: base, at: +1s }]',
        recover: 'automatic',
      },
      /planned\.yaml:11:9: error: restore\.begun is a moment of a restore, and nothing here is restored/,
    ],
    [
      'a moment of a backup where none is taken',
      { sweep: '[backup.dumped]', protect: '[]', recover: 'automatic' },
      /planned\.yaml:11:9: error: backup\.dumped is a moment of a backup, and nothing here takes any/,
    ],
  ])('refuses %s', async (_, change, says) => {
    const error = await planDrill(scenario('planned', change), registries, noStacks).catch(
      (reason: unknown) => reason,
    );
    expect(exitCodeOfError(error)).toBe(64);
    expect(formatError(error, chalkFor(process.stderr))).toMatch(says);
  });
});
