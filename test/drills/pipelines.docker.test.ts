import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { scratch } from '../support/scratch.ts';

const execute = promisify(execFile);
const repository = join(import.meta.dirname, '../..');
const here = mkdtempSync(join(scratch, 'pipelines-'));
const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
const tarball = join(here, `muster-drill-${version}.tgz`);

/** The small drill of a project of its own. */
function project(): string {
  const folder = mkdtempSync(join(here, 'project-'));
  cpSync(join(repository, 'test/fixtures/accidents'), folder, { recursive: true });
  return folder;
}

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}
const ran = (
  program: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<Ended> =>
  execute(program, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ended) => error,
  );

beforeAll(async () => {
  await execute('npm', ['pack', '--silent', '--pack-destination', here], {
    cwd: repository,
    maxBuffer: 2 ** 26,
  });
}, 900_000);

interface ActionStep {
  id?: string;
  run?: string;
}

/**
 * As a runner runs a step with `shell: bash`: docs.github.com, workflow syntax,
 * `jobs.<job_id>.steps[*].shell`.
 */
async function action(
  folder: string,
  scenarios: string,
): Promise<Ended & { summary: string; output: string }> {
  const { runs } = parse(readFileSync(join(repository, 'action.yml'), 'utf8')) as {
    runs: { steps: ActionStep[] };
  };
  const files = mkdtempSync(join(here, 'runner-'));
  const [summary, output, script] = ['summary', 'output', 'script.sh'].map((name) => join(files, name));
  for (const file of [summary!, output!]) writeFileSync(file, '');
  writeFileSync(script!, runs.steps.find(({ id }) => id === 'drill')!.run!);
  const ended = await ran('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script!], folder, {
    MUSTER_PACKAGE: `muster-drill@file:${tarball}`,
    MUSTER_SCENARIOS: scenarios,
    MUSTER_OPTIONS: '--seed 7',
    GITHUB_STEP_SUMMARY: summary!,
    GITHUB_OUTPUT: output!,
  });
  return { ...ended, summary: readFileSync(summary!, 'utf8'), output: readFileSync(output!, 'utf8') };
}

/** The script of the job that the component makes, as a runner's shell gets it. */
async function component(folder: string, scenarios: string): Promise<Ended> {
  const [spec, job] = parseAllDocuments(readFileSync(join(repository, 'templates/drill.yml'), 'utf8')).map(
    (document) => document.toJS() as Record<string, Record<string, unknown>>,
  );
  const inputs = spec!['spec']!['inputs'] as Record<string, { default?: string } | null>;
  const given: Record<string, string> = { scenarios, options: '--seed 7' };
  const filled = (text: string): string =>
    text.replace(/\$\[\[ inputs\.([\w-]+) \]\]/g, (_, name: string) => {
      expect(inputs).toHaveProperty(name);
      return given[name] ?? inputs[name]!.default!;
    });
  const { variables, script } = Object.values(job!)[0] as {
    variables: Record<string, string>;
    script: string[];
  };
  return ran('bash', ['-eo', 'pipefail', '-c', script.join('\n')], folder, {
    ...Object.fromEntries(Object.entries(variables).map(([name, text]) => [name, filled(text)])),
    MUSTER_PACKAGE: `muster-drill@file:${tarball}`,
  });
}

const bundleOf = (folder: string): string => {
  const bundles = readdirSync(join(folder, '.muster/drills'));
  expect(bundles).toHaveLength(1);
  return join(folder, '.muster/drills', bundles[0]!);
};

describe('in a pipeline', { timeout: 900_000 }, () => {
  it('the action runs the drill, fails as it does, and shows its summary', async () => {
    const folder = project();
    const { code, stdout, stderr, summary, output } = await action(folder, 'scenario.yaml\n');
    expect(code, stdout + stderr).toBe(0);
    expect(output).toBe('exit-code=0\n');
    expect(summary).toBe(readFileSync(join(bundleOf(folder), 'summary.md'), 'utf8'));
  });

  it('the action that is given no scenario, or one that is not there, is red', async () => {
    expect(await action(project(), ' \n')).toMatchObject({ code: 64, output: 'exit-code=64\n' });
    expect(await action(project(), 'absent.yaml')).toMatchObject({ code: 64, output: 'exit-code=64\n' });
  });

  it('the component of GitLab runs the drill, and leaves what it declares as artifacts', async () => {
    const folder = project();
    const { code, stdout, stderr } = await component(folder, 'scenario.yaml');
    expect(code, stdout + stderr).toBe(0);
    expect(readFileSync(join(bundleOf(folder), 'junit.xml'), 'utf8')).toContain('<testsuite');
    expect((await component(project(), '  ')).code).toBe(64);
  });

  it('the image runs a drill of a project that lies at the same path on the host', async () => {
    const folder = project();
    const node = (
      await provideImages(
        await getRuntime(),
        new Map([['node', null]]),
        imageChoice(process.env, () => undefined),
      )
    ).get('node')!.reference;
    const image = `muster-drill-tested:${process.pid}`;
    const built = await ran(
      'npm',
      ['run', 'image', '--', '--build-arg', `NODE_IMAGE=${node}`, '--tag', image],
      repository,
    );
    expect(built.code, built.stdout + built.stderr).toBe(0);
    try {
      mkdirSync(join(folder, '.muster'));
      const drill = await ran(
        'docker',
        [
          ...['run', '--rm', '--network', 'host', '--pid', 'host'],
          ...['-v', '/var/run/docker.sock:/var/run/docker.sock', '-v', `${folder}:${folder}`, '-w', folder],
          ...[image, 'run', 'scenario.yaml', '--seed', '7'],
        ],
        folder,
      );
      expect(drill.code, drill.stdout + drill.stderr).toBe(0);
      expect(JSON.parse(readFileSync(join(bundleOf(folder), 'result.json'), 'utf8'))).toMatchObject({
        verdict: 'pass',
      });
    } finally {
      await ran('docker', ['image', 'rm', image], folder);
    }
  });
});
