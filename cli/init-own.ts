import type { ComposeConfig } from '../stack/compose.ts';
import { parseDurationMs } from '../core/units.ts';
import { dumpsOf, type Dumps } from './init-existing.ts';
import type { Recognised } from './init-recognise.ts';
import { labelJobsOf, type LabelJob } from './init-labels.ts';
import { scriptsOf, type Hint, type RestoreIn, type Scripts } from './init-scripts.ts';
import { sidecarsOf, type NotFollowed, type Sidecar } from './init-sidecar.ts';
import { waitGuesses } from './init-wait.ts';

/** A backup of the user's own, as the strategy says it; `guesses` are for who reads it. */
export interface Proposed {
  name: 'sidecar' | 'scripts';
  /** How often it is made, where that is known. */
  every: string | null;
  options: Record<string, unknown>;
  guesses: string[];
  /** Recovery points to wait for: of what runs by its own clock, no more than it takes. */
  points: number;
}

/** What the user has of backups, by component; `told`: in a line each, for who ran `muster init`. */
export interface OwnBackups {
  proposed: ReadonlyMap<string, Proposed>;
  existing: ReadonlyMap<string, Dumps>;
  /** Services that are started to be followed. */
  follows: ReadonlySet<string>;
  /** What is not proposed, and how to have a drill run it. */
  switches: string[];
  told: string[];
  /** Scripts of which nothing but their files is not known. */
  asks: string | null;
}
export const noOwnBackups: OwnBackups = {
  proposed: new Map(),
  existing: new Map(),
  follows: new Set(),
  switches: [],
  told: [],
  asks: null,
};

/** Looks for what backs up already: sidecars, scripts, and what these once left. Runs nothing. */
export async function ownBackupsOf(
  at: string,
  config: ComposeConfig,
  found: readonly Recognised[],
  data: readonly Recognised[],
  files: string | undefined,
): Promise<OwnBackups> {
  const { pairs, hints, restores } = scriptsOf(at, config, data, files);
  const proposed = new Map<string, Proposed>();
  const follows = new Set<string>();
  const told: string[] = [];
  const others = [...hints];
  for (const one of sidecarsOf(config, found, data)) {
    if ('why' in one) told.push(notFollowed(one));
    else if (proposed.has(one.component)) told.push(`${one.service}: another sidecar is followed`);
    else {
      const of = data.find(({ component }) => component === one.component)!;
      const restore = restoreOf(one, of, restores);
      if (!restore) {
        told.push(
          notFollowed({ service: one.service, why: 'no script that restores what it leaves is there' }),
        );
        continue;
      }
      proposed.set(one.component, followed(one, restore));
      follows.add(one.service);
      told.push(
        `${one.service} backs ${one.component} up by its own clock: followed, with ${one.schedule.env}=${JSON.stringify(one.schedule.drill)} in the drill's copy`,
      );
    }
  }
  const labelled = labelJobsOf(config, data, restores, files);
  others.push(...labelled.hints, ...proposeJobs(labelled.jobs, proposed, told));
  for (const pair of pairs) {
    // It is what a label names already.
    const path = pair.backup.command.at(-1)!;
    if (labelled.jobs.some(({ service, command }) => service === pair.service && command.includes(path)))
      continue;
    if (proposed.has(pair.component)) {
      const why = `something else backs ${pair.component} up already`;
      const command = pair.backup.command.join(', ');
      others.push({ what: pair.backup.path, why, command, in: pair.service });
      continue;
    }
    proposed.set(pair.component, byScripts(pair));
    told.push(`${pair.backup.path} and ${pair.restore.path} of ${pair.service}: a drill runs them`);
  }
  const dumps = await dumpsOf(at, data);
  told.push(
    ...others.map(({ what, why }) => `${what} looks like a backup of your own, and no drill runs it: ${why}`),
    ...dumps.map(
      ({ component, newest, about }) =>
        `${newest} is ${about}: \`muster restore-test muster/strategy.yaml ${component}\` restores the newest of its kind`,
    ),
  );
  return {
    ...{ proposed, follows, told },
    existing: new Map(dumps.map((one) => [one.component, one])),
    switches: others.map(switching),
    asks: hints.find(({ why }) => why.includes('--backup-files'))?.what ?? null,
  };
}

/** Gives what is not proposed, because something else is. */
function proposeJobs(jobs: readonly LabelJob[], proposed: Map<string, Proposed>, told: string[]): Hint[] {
  return jobs.flatMap((job) => {
    const what = `${job.label} of ${job.service}`;
    if (proposed.has(job.component)) {
      const why = `something else backs ${job.component} up already`;
      return [{ what, why, command: job.command.join(', '), in: job.service }];
    }
    proposed.set(job.component, byLabel(job));
    told.push(
      `${what}: a drill runs it by its own clock, for the scheduler that reads labels is in no drill`,
    );
    return [];
  });
}

const notFollowed = ({ service, why }: NotFollowed): string =>
  `${service} looks like a backup sidecar, and no drill follows it: ${why}`;

/** By a script beside it or in the service that it backs up; null where there is none. */
function restoreOf(
  { service }: Sidecar,
  of: Recognised,
  restores: RestoreIn,
): { command: string[]; in: string } | null {
  for (const place of [service, of.service]) {
    const command = restores(place, of);
    if (command) return { command, in: place };
  }
  return null;
}

function followed(
  { service, files, begins, schedule, by }: Sidecar,
  restore: { command: string[]; in: string },
): Proposed {
  const { env, drill, every, usual } = schedule;
  return {
    name: 'sidecar',
    every: usual,
    points: 1,
    options: {
      follow: {
        service,
        ...(begins.length > 0 ? { begins: begins.length === 1 ? begins[0] : begins } : {}),
        schedule: { env, drill, every },
      },
      restore,
      produces: { files: files.length === 1 ? files[0] : files, atLeast: '100B' },
    },
    guesses: [
      `${service} makes them by its own clock; which files it leaves is known by ${by}.`,
      ...(usual === null ? [`Guess: every says how often that is; ${env} could not be read.`] : []),
      `Guess: ${env}=${JSON.stringify(drill)} has it run every ${every} in the drill's copy, and there alone.`,
      'Guess: your script restores what $MUSTER_FILE is.',
      ...waitGuesses(restore.command),
    ],
  };
}

const byScripts = ({ service, backup, restore, files, said }: Scripts): Proposed => ({
  name: 'scripts',
  every: null,
  points: 2,
  options: {
    backup: { command: backup.command, in: service },
    restore: { command: restore.command, in: service },
    produces: { files, atLeast: '100B' },
  },
  guesses: [
    `${backup.path} backs up and ${restore.path} restores, both in ${service}, as you do it.`,
    said
      ? 'Which files it leaves, --backup-files said.'
      : `Guess: which files it leaves, by its text; --backup-files says it otherwise.`,
    ...waitGuesses(restore.command),
  ],
});

const byLabel = ({ service, label, command, restore, files, every, said }: LabelJob): Proposed => ({
  name: 'scripts',
  every,
  points: 2,
  options: {
    backup: { command, in: service },
    restore: { command: restore, in: service },
    produces: { files, atLeast: '100B' },
  },
  guesses: [
    `The label ${label} of ${service} says what backs it up; a drill runs it in the place of the scheduler.`,
    ...(every === null
      ? ['Guess: every says how often that is; the schedule beside it could not be read.']
      : []),
    said
      ? 'Which files it leaves, --backup-files said.'
      : 'Guess: which files it leaves, by its text; --backup-files says it otherwise.',
    ...waitGuesses(restore),
  ],
});

/** How a reader has a drill run what is not proposed. */
const switching = ({ what, why, command, in: place }: Hint): string =>
  `${what} looks like a backup of your own, and no drill runs it: ${why}. To have one run it: method: command, options: { backup: { command: [${command}], in: ${place} }, restore: { command: […], in: ${place} }, produces: { files: … } }${place === 'host' ? ', and hostCommands' : ''} (docs/your-own-system.md).`;

/** What a backup that is made so often promises to keep, where nobody said it. */
export function twice(every: string): string {
  const seconds = Math.round((parseDurationMs(every)! * 2) / 1000);
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
