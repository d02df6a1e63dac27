import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { leftOf } from '../stack/small-stack.ts';
import { jsonOf, muster, type Ended } from './muster.ts';

const projects = join(import.meta.dirname, '../fixtures/projects');

/** A project of the fixtures in a folder of its own, as a user has it. */
export interface Project {
  folder: string;
  /** The command line there. */
  at(...args: string[]): Promise<Ended>;
  /** Every file of the user's own with its bytes and mode; none of what Muster writes. */
  files(): Record<string, string>;
  remove(): void;
}

export function copyOf(name: string, env: Record<string, string> = {}): Project {
  const folder = mkdtempSync(join(tmpdir(), `muster-${name}-`));
  cpSync(join(projects, name), folder, { recursive: true });
  const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
  return {
    folder,
    at: (...args) => muster(args, { cwd: folder, env }),
    files: () =>
      Object.fromEntries(
        globSync(['**/*', '**/.*'], {
          cwd: folder,
          exclude: (path) => ['muster', '.muster'].includes(path),
        })
          .map((path) => ({ path, whole: join(folder, path) }))
          .filter(({ whole }) => statSync(whole).isFile())
          .map(({ path, whole }) => [path, `${statSync(whole).mode} ${digest(whole)}`]),
      ),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs a scenario that must pass, and leave nothing. */
export const passes = async (project: Project, scenario: string): Promise<void> =>
  passed(await project.at('run', scenario, '--json'));

/** That a drill or a restore test passed, and left nothing. */
export async function passed(run: Ended): Promise<void> {
  const [one] = jsonOf<{ drills: { result: DrillResult }[] }>(run).drills;
  const { result } = one ?? expect.fail(`nothing was judged: ${run.stderr}`);
  const said = result.findings
    .filter(({ verdict }) => verdict !== 'pass')
    .map(({ id, detail }) => [id, detail]);
  expect([result.verdict, run.code], JSON.stringify(said)).toEqual(['pass', 0]);
  expect(await leftOf(result.drill)).toEqual([]);
}

export function isInNoEvidence({ folder }: Pick<Project, 'folder'>, secrets: readonly string[]): void {
  const evidence = globSync('.muster/drills/**/*', { cwd: folder })
    .map((name) => join(folder, name))
    .filter((name) => statSync(name).isFile())
    .map((name) => readFileSync(name, 'latin1'));
  expect(evidence.length).toBeGreaterThan(3);
  for (const secret of secrets) expect(evidence.filter((text) => text.includes(secret))).toEqual([]);
}

/**
 * What `init` wrote of a project whose database is `db`: it is lost and restored, and what was kept of it
 * passes a restore test. `holds`: a command in its service that succeeds when the project's own data is
 * there and right.
 */
export async function isLostAndRestored(
  project: Project,
  { holds, secrets }: { holds: readonly string[]; secrets: readonly string[] },
): Promise<void> {
  const file = join(project.folder, 'muster/strategy.yaml');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('kind: directory');
  writeFileSync(file, text.replace('kind: directory', 'kind: directory, path: ./kept'));
  appendFileSync(file, `\ninvariants: { whole: { command: ${JSON.stringify(holds)}, in: db } }\n`);
  await passes(project, 'muster/db-volume-lost.yaml');
  isInNoEvidence(project, secrets);
  await passed(
    await project.at(
      ...['restore-test', 'muster/strategy.yaml', 'db', '--from', 'here', '--check', 'whole', '--json'],
    ),
  );
}
