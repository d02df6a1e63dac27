import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
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
import type { TimelineEvent } from '../../core/timeline.ts';
import { readChain } from '../../evidence/chain.ts';
import { leftOf } from '../stack/small-stack.ts';
import { jsonOf, muster, type Ended } from './muster.ts';

const projects = join(import.meta.dirname, '../fixtures/projects');

/** Every file of the user's own with its bytes and mode; none of what Muster writes. */
export const digestsIn = (folder: string): Record<string, string> =>
  Object.fromEntries(
    globSync('**/*', { cwd: folder, exclude: (name) => ['muster', '.muster'].includes(name) })
      .concat('.env')
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [
        name,
        `${statSync(join(folder, name)).mode} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`,
      ]),
  );

export interface ProjectDrill {
  project: string;
  /** Programs of the project in the place of its own, by path. */
  scripts?: Record<string, string>;
  /** What is written beside it, as `muster init` does; or that is done, with what more it is told. */
  files: { strategy: object; scenario: object } | 'init';
  /** With `init`: the scenario that is run, and what the user writes into the strategy after it. */
  scenario?: string;
  edit?(strategy: string): string;
  flags?: string[];
  /** That no evidence may hold. */
  password: string;
  /** What is done there once the drill is judged. */
  afterwards?(at: { folder: string; muster(...args: string[]): Promise<Ended> }): Promise<void>;
}
export interface ProjectDrilled {
  result: DrillResult;
  events: TimelineEvent[];
  red: string[];
  planned: Ended;
}

/**
 * As a user has it: a copy of the project, files beside it, the command line. Nothing else is touched, and
 * nothing is left.
 */
export async function drillProject(given: ProjectDrill): Promise<ProjectDrilled> {
  const { project, scripts = {}, files, scenario = 'drill', flags = [], password } = given;
  const { edit = (text) => text, afterwards } = given;
  const folder = mkdtempSync(join(tmpdir(), `muster-${project}-`));
  try {
    cpSync(join(projects, project), folder, { recursive: true });
    for (const [name, text] of Object.entries(scripts)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    const before = digestsIn(folder);
    if (files === 'init') {
      const init = await muster(['init', '--rto', '10m', '--yes'], { cwd: folder });
      expect([init.stderr, init.code]).toEqual(['', 0]);
      const strategy = join(folder, 'muster/strategy.yaml');
      writeFileSync(strategy, edit(readFileSync(strategy, 'utf8')));
    } else {
      mkdirSync(join(folder, 'muster'));
      writeFileSync(join(folder, 'muster/strategy.yaml'), JSON.stringify(files.strategy));
      writeFileSync(join(folder, 'muster/drill.yaml'), JSON.stringify(files.scenario));
    }
    const file = `muster/${scenario}.yaml`;
    const planned = await muster(['plan', file, ...flags], { cwd: folder });
    const ran = await muster(['run', file, '--json', ...flags], { cwd: folder });
    const [one] = jsonOf<{ drills: { result: DrillResult }[] }>(ran).drills;
    const { result } = one ?? expect.fail(`nothing was judged: ${ran.stderr}`);
    const bundle = join(folder, '.muster/drills', result.drill);
    expect(digestsIn(folder), "what is the user's own").toEqual(before);
    expect(await leftOf(result.drill)).toEqual([]);
    for (const path of globSync('**/*', { cwd: bundle }).map((name) => join(bundle, name)))
      if (statSync(path).isFile())
        expect(readFileSync(path, 'latin1').includes(password), `the password is in ${path}`).toBe(false);
    const { events } = readChain(readFileSync(join(bundle, 'events.jsonl'), 'utf8'));
    const red = result.findings
      .filter(({ verdict }) => verdict === 'fail')
      .map(({ id, detail }) => `${id}: ${detail}`);
    expect(ran.code, red.join('\n')).toBe(result.exitCode);
    await afterwards?.({ folder, muster: (...args) => muster(args, { cwd: folder }) });
    return { result, events: [...events], red, planned };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
