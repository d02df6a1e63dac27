import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { eventsOf, type TimelineEvent } from '../../core/timeline.ts';
import { planDrill } from '../../engine/plan.ts';
import { judgeBundle } from '../../evidence/bundle.ts';
import { dependenciesFor, drillFile, memoryFiles, noStacks } from '../support/memory-drill.ts';
import { putScript } from '../support/own-scripts.ts';
import { eventsIn } from '../support/recorded.ts';

interface Commanded {
  home: string;
  folder: string;
  result: DrillResult;
  events: readonly TimelineEvent[];
}

const own = (timeout: string): string =>
  `[{ restore: store, from: b }, { command: [./script.sh], in: host, timeout: ${timeout} }]`;

/** A drill whose recovery has a script that may take far longer than a step of it. */
async function commanded(script: string, scenario: Record<string, string>): Promise<Commanded> {
  const drill = {
    hostCommands: true,
    scenario: {
      points: '1',
      fault: '{ wipe-volume: store, at: +1s }',
      recover: own('2h'),
      stepDeadline: '3s',
      giveUp: '1s',
      ...scenario,
    },
  };
  const files = memoryFiles(drill);
  putScript(files.folder, 'script.sh', `#!/bin/sh\nhere="$(dirname "$0")"\n${script}\n`);
  const { folder, result } = await drillFile(files, drill);
  return { home: files.folder, folder, result, events: eventsIn(folder) };
}

/** The first time it takes for ever; then it looks whether that one is still at work. */
const again =
  'if [ -e "$here/first" ]; then kill -0 "$(cat "$here/first")" 2>/dev/null && : > "$here/two"; exit 0; fi; ' +
  'trap "" TERM; echo $$ > "$here/first"; while :; do [ -d "$MUSTER_SCRATCH" ] || : > "$here/no-scratch"; sleep 0.02; done';

describe.concurrent('a command that its step has no more time for', () => {
  it('has ended, with all that it began, before the next attempt begins', async () => {
    const { home, result, events } = await commanded(again, { attempts: '2' });
    expect(existsSync(join(home, 'two'))).toBe(false);
    expect(existsSync(join(home, 'no-scratch'))).toBe(false);
    const order = eventsOf(events, 'command.begun', 'command.ended', 'step.ended', 'recovery.begun');
    expect(order.map(({ type, data }) => `${type}${'ok' in data ? ` ${data.ok}` : ''}`)).toEqual([
      'recovery.begun',
      'step.ended true',
      ...['command.begun', 'command.ended', 'step.ended false'],
      'recovery.begun',
      'step.ended true',
      ...['command.begun', 'command.ended', 'step.ended true'],
    ]);
    expect(result.error).toBeNull();
  });

  it('has ended before the next phase begins: the drill fails, and its bundle is whole', async () => {
    const { home, folder, result, events } = await commanded(
      'echo loading; trap "" TERM; sh -c "sleep 7; echo late > \'$here/late\'" & sleep 7; echo done',
      {},
    );
    expect(result.exitCode).toBe(1);
    expect(result.steps[1]).toMatchObject({
      ok: false,
      error: './script.sh on the host took longer than 3.0 s',
    });
    const [ended] = eventsOf(events, 'command.ended');
    expect(ended!.seq).toBeLessThan(eventsOf(events, 'step.ended')[1]!.seq);
    expect(ended!.data).toMatchObject({ exitCode: null });
    expect(readFileSync(join(folder, 'attachments/command-1.stdout.txt'), 'utf8')).toBe('loading\n');
    expect(judgeBundle(folder, dependenciesFor(home, {}).registries).damage).toBeNull();
    expect(existsSync(join(home, 'late'))).toBe(false);
  });

  it('is not ended where it is done before that, however long it might have taken', async () => {
    const { result, events } = await commanded('sleep 0.5; echo done', {});
    expect(eventsOf(events, 'command.ended')[0]!.data).toMatchObject({ exitCode: 0, inTime: true });
    expect(result.steps.map(({ ok }) => ok)).toEqual([true, true]);
  });
});

describe('the plan of a step whose command may take longer than the step', () => {
  const notesOf = async (timeout: string): Promise<string> => {
    const drill = { hostCommands: true, scenario: { recover: own(timeout), stepDeadline: '1m' } };
    const { folder, file } = memoryFiles(drill);
    const { registries } = dependenciesFor(folder, drill);
    return (await planDrill(file, registries, noStacks, { hostCommands: true })).notes.join('\n');
  };
  it('says that it will be ended with the step', async () => {
    expect(await notesOf('2h')).toContain(
      './script.sh on the host may take 2h (timeout), and its step 1m (stepDeadline): it is ended after 1m',
    );
  });
  it('says nothing where it is ended before', async () => {
    expect(await notesOf('1m')).not.toContain('stepDeadline');
  });
});
