import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { memoryFiles } from '../support/memory-drill.ts';

const execute = promisify(execFile);
const repository = join(import.meta.dirname, '../..');

/** A folder of programs in which `npx --yes <package>` is the command line of this repository. */
function programs(): string {
  const folder = mkdtempSync(join(tmpdir(), 'muster-programs-'));
  const text = `#!/bin/sh\nshift 2\nexec "${process.execPath}" "${join(repository, 'cli/main.ts')}" "$@"\n`;
  writeFileSync(join(folder, 'npx'), text, { mode: 0o755 });
  return folder;
}

const actionScript = (): string =>
  (
    parse(readFileSync(join(repository, 'action.yml'), 'utf8')) as {
      runs: { steps: { id?: string; run?: string }[] };
    }
  ).runs.steps.find(({ id }) => id === 'drill')!.run!;

const componentScript = (): string =>
  (
    Object.values(
      parseAllDocuments(readFileSync(join(repository, 'templates/drill.yml'), 'utf8'))[1]!.toJS() as object,
    )[0] as { script: string[] }
  ).script.join('\n');

/** What `muster init` leaves, with a component in memory: a strategy and a scenario in one folder. */
function project(): string {
  const { folder } = memoryFiles({ scenario: { points: '1', settle: '2s' } });
  mkdirSync(join(folder, 'muster'));
  for (const file of ['scenario.yaml', 'strategy.yaml'])
    cpSync(join(folder, file), join(folder, 'muster', file));
  return folder;
}

async function ran(
  script: string,
  scenarios: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const files = mkdtempSync(join(tmpdir(), 'muster-runner-'));
  const env = {
    ...process.env,
    PATH: `${programs()}:${process.env['PATH']}`,
    MUSTER_PACKAGE: 'muster-drill',
    MUSTER_SCENARIOS: scenarios,
    MUSTER_OPTIONS: '--seed 7',
    GITHUB_STEP_SUMMARY: join(files, 'summary'),
    GITHUB_OUTPUT: join(files, 'output'),
  };
  return execute('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
    cwd: project(),
    env,
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

describe.each([
  ['the action', actionScript],
  ['the component of GitLab', componentScript],
])('%s', { concurrent: true, timeout: 60_000 }, (_, script) => {
  test.each(['\tmuster/*.yaml\n'])(
    'runs %j, which is the scenarios beside their strategy',
    async (scenarios) => {
      const { code, stdout, stderr } = await ran(script(), scenarios);
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/PASS/);
      expect(stderr).toMatch(/muster\/strategy\.yaml is left out/);
    },
  );

  test.each(['', ' ', '\n', '\t', ' \n\t ', 'absent/*.yaml'])('is red on %j', async (scenarios) => {
    const { code, stdout, stderr } = await ran(script(), scenarios);
    expect(code, stdout + stderr).toBe(64);
  });
});
