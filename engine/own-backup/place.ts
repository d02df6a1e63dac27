import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { NoRecoveryPoint } from '../../core/errors.ts';
import { masked } from '../../core/masking.ts';
import type { OwnCommand } from '../../core/own-backup.ts';
import type { PlannedComponent } from '../../core/planned.ts';
import type { Helper, Shell } from '../../core/service.ts';
import { commandTitle } from '../../core/steps/command.ts';
import { badEnd, runCommand, type CommandOutcome, type Workplace } from '../command.ts';
import type { Drill } from '../drill-context.ts';
import { hiddenIn, serviceOf } from '../drill-environment.ts';
import { containerGround } from './container-ground.ts';
import type { Ground } from './ground.ts';
import { hostGround } from './host-ground.ts';
import type { Content } from './inside.ts';

export interface OwnComponent {
  drill: Drill;
  component: PlannedComponent;
}

/**
 * A backup of a component, and what the good ones of it were, the last one at the end: a next one with what
 * one of them had in it is none.
 */
export interface Own extends OwnComponent {
  earlier: EarlierBackup[];
  /** Digests of what was read of a store that the script writes to, by key. */
  seen: Map<string, string>;
}

/** `writes`: how many of the component had been acknowledged when it was made; null where no load writes. */
interface EarlierBackup {
  content: Content;
  writes: number | null;
}

/** What a script is run for: a backup, or a step of the recovery. */
export interface Occasion {
  of?: string;
  signal: AbortSignal;
}

/** Where a script runs: its files, and its container where that is one of its own. */
export interface Place {
  ground: Ground;
  oneOff: Helper | null;
}

/**
 * Has work done where a command runs, in a folder of the drill's own, and leaves nothing of that behind. What
 * it says of files matches the patterns.
 */
export async function at<T>(
  { drill }: OwnComponent,
  command: OwnCommand,
  { of = `own-${randomBytes(4).toString('hex')}` }: Occasion,
  patterns: readonly string[],
  work: (place: Place) => Promise<T>,
): Promise<T> {
  if (command.in === 'host') {
    const ground = hostGround(resolve(drill.folder, 'scratch', of), drill.clock, patterns);
    return work({ ground, oneOff: null }).finally(ground.remove);
  }
  const service = serviceOf(drill, command.in);
  const oneOff = command.oneOff
    ? await service.helper({ network: 'stack', volumes: true, like: 'service' })
    : null;
  try {
    const shell = oneOff ?? service;
    const groundIn = async (room: string): Promise<Ground> => {
      if (!oneOff) await service.assertOwnPath(room);
      return containerGround(shell, command.in, `${room}/muster-${of}`, patterns);
    };
    const ground = await groundIn(usualRoom).catch(async (error: unknown) => {
      const room = await otherRoom(shell).catch(() => null);
      if (room === null) throw error;
      return groundIn(room);
    });
    return await work({ ground, oneOff }).finally(() => ground.remove().catch(() => undefined));
  } finally {
    await oneOff?.remove();
  }
}

const usualRoom = '/tmp';
const otherRooms = ['/var/tmp', '/run', '/var/run', '/dev/shm'];
const lookingMs = 60_000;

/** Where a container with a read-only root can be written to; null where nothing of that can be. */
async function otherRoom(shell: Shell): Promise<string | null> {
  const script =
    '[ -w "$0" ] || for d; do if [ -d "$d" ] && [ -w "$d" ]; then readlink -f "$d"; exit; fi; done';
  const { stdout } = await shell.exec(['sh', '-c', script, usualRoom, ...otherRooms], {
    deadlineMs: lookingMs,
  });
  return stdout.trim() || null;
}

/** Runs a command there with what it needs to know. Rejects unless it ends well, and in its time. */
export async function run(
  { drill, component }: OwnComponent,
  command: OwnCommand,
  { of, signal }: Occasion,
  { ground, oneOff }: Place,
  more: Pick<Workplace, 'hear'> & { facts: Record<string, string> },
): Promise<CommandOutcome> {
  const onHost = command.in === 'host';
  const facts = { ...(await whereItIs(drill, component, onHost)), ...more.facts };
  const outcome = await runCommand(drill, onHost ? fromItsFolder(drill, command) : command, {
    scratch: ground.folder,
    folder: ground.folder,
    ...(of === undefined ? {} : { of }),
    ...(oneOff ? { oneOff } : {}),
    ...(more.hear ? { hear: more.hear } : {}),
    facts,
    asks: drill.stack ? serviceOf(drill, component.service) : null,
    signal,
  });
  const bad = badEnd(command, outcome);
  if (bad !== null) throw new NoRecoveryPoint(`${commandTitle(command)}: ${bad}`);
  return outcome;
}

/** What is called by a secret cannot be told of. */
export function assertNoSecret({ drill }: OwnComponent, name: string): void {
  const shown = masked(name, hiddenIn(drill));
  if (shown === name) return;
  throw new NoRecoveryPoint('what the script left cannot be recorded: a secret is in its name', {
    found: shown,
    expected: 'a name without a secret',
  });
}

/** It works in a folder of the drill's own: what it names from the scenario's folder is named in full. */
const fromItsFolder = ({ plan }: Pick<Drill, 'plan'>, command: OwnCommand): OwnCommand => ({
  ...command,
  command: command.command.map((word) =>
    /^\.\.?\//.test(word) ? resolve(dirname(plan.scenarioFile), word) : word,
  ),
});

/** What a script is told of the component. */
async function whereItIs(
  drill: Drill,
  { name, service, driver }: PlannedComponent,
  onHost: boolean,
): Promise<Record<string, string>> {
  const known = { MUSTER_COMPONENT: name };
  if (!drill.stack) return known;
  const port = driver.port > 0 ? String(driver.port) : null;
  const named = { ...known, MUSTER_SERVICE: service };
  if (!onHost) return { ...named, MUSTER_HOST: service, ...(port ? { MUSTER_PORT: port } : {}) };
  // A service that is down has no way in from here; the script may be about to start it.
  const endpoint = port
    ? await serviceOf(drill, service)
        .endpoint(driver.port)
        .catch(() => null)
    : null;
  return {
    ...named,
    ...(endpoint ? { MUSTER_HOST: endpoint.host, MUSTER_PORT: String(endpoint.port) } : {}),
  };
}
