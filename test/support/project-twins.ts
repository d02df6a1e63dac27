import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { eventsOf } from '../../core/timeline.ts';
import { readChain } from '../../evidence/chain.ts';
import { leftOf } from '../stack/small-stack.ts';
import { jsonOf } from './muster.ts';
import { copyOf } from './project-copy.ts';

/** A project whose database is backed up by scripts of its own, which lie at `/scripts` in its service. */
export interface Twin {
  project: string;
  strategy: object;
  scenario?: object;
  /** In the place of its own, by path. */
  scripts?: Record<string, string>;
}
export interface Judged {
  result: DrillResult;
  /** Findings that fail, in a line each. */
  red: string;
  /** Those and what is not known. */
  said: string;
  /** Whether anything was broken. */
  wasBroken: boolean;
  /** Of each step of the recovery, whether it ended well. */
  steps: boolean[];
}

/** What a strategy says of scripts in the service `db`. */
export const byScripts = (files: string, more: object = { driver: 'postgres' }): object => ({
  ...more,
  objectives: { rto: '10m', rpo: '48h' },
  backups: {
    nightly: {
      method: 'command',
      every: '24h',
      copies: ['here'],
      options: {
        backup: { command: ['/scripts/backup.sh'], in: 'db' },
        restore: { command: ['sh', '-c', '/scripts/restore.sh "$MUSTER_FILE"'], in: 'db' },
        produces: { files },
      },
    },
  },
});

/** Drills it once; whatever becomes of it, its files are as they were, and nothing is left. */
export async function drillTwin({ project, strategy, scenario, scripts = {} }: Twin): Promise<Judged> {
  const copy = copyOf(project);
  try {
    for (const [name, text] of Object.entries(scripts)) {
      writeFileSync(join(copy.folder, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(copy.folder, name), 0o755);
    }
    const before = copy.files();
    mkdirSync(join(copy.folder, 'muster'));
    const stores = { here: { kind: 'directory' } };
    writeFileSync(
      join(copy.folder, 'muster/strategy.yaml'),
      JSON.stringify({ strategy: project, stores, ...strategy }),
    );
    const whole = {
      scenario: project,
      strategy: './strategy.yaml',
      title: 'The database loses its data, and its own scripts bring it back',
      load: { records: { target: 'db', rate: '50/s' } },
      protect: ['db.nightly'],
      points: 1,
      fault: { 'wipe-volume': 'db', at: 'worst' },
      recover: [{ restore: 'db', from: 'here' }],
      check: ['ledger', 'db.inventory'],
      giveUp: '6s',
      ...scenario,
    };
    writeFileSync(join(copy.folder, 'muster/drill.yaml'), JSON.stringify(whole));
    const ran = await copy.at('run', 'muster/drill.yaml', '--json');
    const [one] = jsonOf<{ drills: { result: DrillResult }[] }>(ran).drills;
    const { result } = one ?? expect.fail(`nothing was judged: ${ran.stderr}`);
    expect(copy.files(), "what is the user's own").toEqual(before);
    expect(await leftOf(result.drill)).toEqual([]);
    const timeline = join(copy.folder, '.muster/drills', result.drill, 'events.jsonl');
    const { events } = readChain(readFileSync(timeline, 'utf8'));
    const told = (...verdicts: string[]): string =>
      result.findings
        .filter(({ verdict }) => verdicts.includes(verdict))
        .map(({ id, detail }) => `${id}: ${detail}`)
        .join('\n');
    const red = told('fail');
    expect(ran.code, red).toBe(result.exitCode);
    return {
      result,
      red,
      said: told('fail', 'inconclusive'),
      wasBroken: eventsOf(events, 'fault.begun').length > 0,
      steps: eventsOf(events, 'step.ended').map(({ data }) => data.ok),
    };
  } finally {
    copy.remove();
  }
}
