import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import { eventsOf, type TimelineEvent } from '../../core/timeline.ts';
import { judgeBundle, judgeRun, writeReports } from '../../evidence/bundle.ts';
import { runDrill } from '../../engine/drill.ts';
import { planDrill } from '../../engine/plan.ts';
import type { DrillResult } from '../../core/result.ts';
import { dependenciesFor, memoryFiles, noStacks } from '../support/memory-drill.ts';
import { detailOf, findingsThat } from '../support/real-drill.ts';
import { eventsIn } from '../support/recorded.ts';

interface Commanded {
  result: DrillResult;
  folder: string;
  events: TimelineEvent[];
  key: string;
  outcome: string;
}

/** A drill in memory whose recovery, or strategy, has a script of its own beside its scenario. */
async function drill({
  script,
  step = '',
  scenario = {},
  strategy = '',
  interrupt = false,
  after,
}: {
  script: string;
  step?: string;
  scenario?: Record<string, string>;
  strategy?: string;
  interrupt?: boolean;
  /** Ends the drill before, once this one waits for that. */
  after?: (folder: string) => void;
}): Promise<Commanded> {
  const { folder: home, file } = memoryFiles({
    scenario: { recover: `[{ restore: store, from: b }${step}]`, ...scenario },
  });
  appendFileSync(join(home, 'strategy.yaml'), `hostCommands: [./script.sh]\n${strategy}`);
  writeFileSync(join(home, 'script.sh'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(home, 'script.sh'), 0o755);
  const former = Promise.withResolvers<void>();
  const dependencies = dependenciesFor(home, {
    progress: (one) => {
      if (one.kind !== 'line' || one.text !== 'waiting until the drill before is over') return;
      after?.(home);
      former.resolve();
    },
  });
  const plan = await planDrill(file, dependencies.registries, noStacks, { hostCommands: true });
  const interruption = new AbortController();
  const drilling = runDrill(plan, dependencies, {
    seed: 7,
    keepStack: false,
    signal: interruption.signal,
    ...(after ? { after: former.promise } : {}),
  });
  if (interrupt) {
    expect(
      await pollUntil(systemClock, { everyMs: 20, deadlineMs: 30_000 }, async () =>
        existsSync(join(home, 'begun')),
      ),
    ).toBe(true);
    interruption.abort(new Error('Ctrl-C'));
  }
  const { folder, outcome } = await drilling;
  const judged = judgeRun(folder, dependencies.registries);
  await writeReports(folder, judged, dependencies.registries);
  return {
    result: judged.result,
    folder,
    outcome,
    events: eventsIn(folder),
    key: dependencies.environment['MUSTER_BACKUP_KEY']!,
  };
}
const textOf = ({ folder }: Commanded, name: string): string => readFileSync(join(folder, name), 'utf8');
const step = (more = ''): string => `, { command: [./script.sh, now], in: host${more} }`;

// Each waits for a drill in memory: side by side.
describe.concurrent('a command as a step of a recovery', () => {
  it('is carried out, and what it said is evidence, without the secrets that it was given', async () => {
    const drilled = await drill({
      script: 'echo "$1 in $MUSTER_DRILL"; echo "key $KEY" >&2; echo "$KEY" > "$MUSTER_SCRATCH/key"',
      step: step(', env: { KEY: MUSTER_BACKUP_KEY }'),
    });
    expect(findingsThat('fail', drilled.result)).not.toContain('recovery');
    expect(drilled.result.steps[1]).toMatchObject({ title: './script.sh now on the host', ok: true });
    expect(textOf(drilled, 'attachments/command-1.stdout.txt')).toBe(`now in ${drilled.result.drill}\n`);
    expect(textOf(drilled, 'attachments/command-1.stderr.txt')).toBe('key ***\n');
    expect(eventsOf(drilled.events, 'step.ended')[1]!.data.facts).toEqual({
      exitCode: 0,
      stdout: `now in ${drilled.result.drill}`,
      stderr: 'key ***',
    });
    const { files } = JSON.parse(textOf(drilled, 'manifest.json')) as {
      files: { path: string; sha256: string }[];
    };
    const recorded = eventsOf(drilled.events, 'attachment.saved').map(({ data }) => data);
    expect(recorded.map(({ of, what }) => [of, what])).toEqual([
      ['command-1', 'stdout'],
      ['command-1', 'stderr'],
    ]);
    expect(files).toEqual(
      expect.arrayContaining(recorded.map(({ file, sha256, bytes }) => ({ path: file, sha256, bytes }))),
    );
    expect(statSync(join(drilled.folder, 'attachments/command-1.stdout.txt')).mode & 0o077).toBe(0);
    for (const name of readdirSync(drilled.folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(drilled.folder, name);
      if (statSync(path).isFile())
        expect(readFileSync(path, 'latin1').includes(drilled.key), name).toBe(false);
    }
  });

  it('that ends badly fails the step, with its last words', async () => {
    const drilled = await drill({
      script: 'echo working; echo "cannot: $KEY" >&2; exit 7',
      step: step(', env: { KEY: MUSTER_BACKUP_KEY }'),
    });
    expect(drilled.result.exitCode).toBe(1);
    expect(findingsThat('fail', drilled.result)).toContain('recovery');
    expect(detailOf(drilled.result, 'recovery')).toContain(
      'it ended with exit code 7; its last lines: cannot: ***',
    );
  });

  it('that met a server which does not answer yet is told to wait for it, and no other is', async () => {
    const told = async (words: string): Promise<string> => {
      const { result } = await drill({ script: `echo "${words}" >&2; exit 2`, step: step('') });
      return detailOf(result, 'recovery');
    };
    for (const words of [
      'psql: error: connection to server on socket failed: Connection refused',
      "ERROR 2002 (HY000): Can't connect to local server through socket (2)",
      "ERROR 2003 (HY000): Can't connect to MySQL server on 'db:3306' (111)",
    ])
      expect(await told(words)).toContain('have the command wait');
    expect(await told('ERROR 1045 (28000): Access denied')).not.toMatch(
      /have the command wait|clients write/,
    );
    expect(await told('ERROR: could not create unique index: Key (pk)=(5) is duplicated.')).toContain(
      'clients write while it runs: have it load in one transaction',
    );
  });

  it('that does not end in time is ended, and fails the step', async () => {
    const drilled = await drill({
      script: 'echo begun; sleep 100 & sleep 100',
      step: step(', timeout: 300ms'),
    });
    expect(detailOf(drilled.result, 'recovery')).toContain(
      'it was ended after 300ms, with everything in its process group; its last lines: begun',
    );
    expect(eventsOf(drilled.events, 'command.ended')[0]!.data).toMatchObject({
      exitCode: null,
      inTime: false,
    });
  });

  it('that cannot be started fails the step, and leaves a record', async () => {
    const drilled = await drill({
      script: 'true',
      step: ', { command: [./script.sh, now], in: host, env: { KEY: MUSTER_NO_SUCH_SECRET } }',
    });
    expect(detailOf(drilled.result, 'recovery')).toContain('secret MUSTER_NO_SUCH_SECRET is not set');
  });

  it('ends with the drill that is interrupted', async () => {
    const begunMs = performance.now();
    const { outcome, events } = await drill({
      script: ': > "$(dirname "$0")/begun"; sleep 100',
      step: step(),
      interrupt: true,
    });
    expect(outcome).toBe('interrupted');
    expect(eventsOf(events, 'command.ended')[0]!.data).toMatchObject({ exitCode: null, inTime: true });
    expect(performance.now() - begunMs).toBeLessThan(40_000);
  });

  it('whose output was altered makes a bundle that is not whole', async () => {
    const { folder } = await drill({ script: 'echo it failed', step: step() });
    const { registries } = dependenciesFor(folder, {});
    expect(judgeBundle(folder, registries).damage).toBeNull();
    writeFileSync(join(folder, 'attachments/command-1.stdout.txt'), 'it went well\n');
    expect(judgeBundle(folder, registries).damage).toMatch(
      /attachments.command-1.stdout.txt is not what the timeline says/,
    );
    rmSync(join(folder, 'attachments/command-1.stdout.txt'));
    expect(judgeBundle(folder, registries).damage).toMatch(/attachments.command-1.stdout.txt is missing/);
  });
});

describe.concurrent('a command as an invariant', () => {
  const strategy = 'invariants: { holds: { command: [./script.sh], in: host } }\n';
  const scenario = { check: '[ledger, holds]' };
  it('that holds before and after is a pass', async () => {
    const { result, events } = await drill({ script: 'echo all there', strategy, scenario });
    expect(result.checks).toContainEqual({
      check: 'holds',
      component: null,
      verdict: 'pass',
      detail: './script.sh on the host ended with 0: all there',
      knownBad: null,
    });
    expect(eventsOf(events, 'command.ended')).toHaveLength(2);
  });
  it('is asked when the drill before is over, which may have what it looks at', async () => {
    const { result } = await drill({
      script: 'test -e "$(dirname "$0")/former-is-gone"',
      strategy,
      scenario,
      after: (folder) => writeFileSync(join(folder, 'former-is-gone'), ''),
    });
    expect(result.error).toBeNull();
    expect(result.checks).toContainEqual(expect.objectContaining({ check: 'holds', verdict: 'pass' }));
  });
  it('that no longer holds is a fail', async () => {
    const { result } = await drill({
      script:
        'mark="$(dirname "$0")/mark"; test -e "$mark" && { echo 3 orders without a customer >&2; exit 1; }; : > "$mark"',
      strategy,
      scenario,
    });
    expect(findingsThat('fail', result)).toContain('check/holds');
    expect(detailOf(result, 'check/holds')).toContain('3 orders without a customer');
  });
  it('that does not hold before anything was broken proves nothing: the drill is not run', async () => {
    const { result } = await drill({ script: 'exit 1', strategy, scenario });
    expect(result).toMatchObject({
      outcome: 'aborted',
      error: expect.stringMatching(/the invariant holds does not hold before anything was broken/) as string,
    });
  });
});
