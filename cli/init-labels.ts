import type { ComposeConfig } from '../stack/compose.ts';
import { isBelowOne, leftBy } from './init-left.ts';
import type { Recognised, Service } from './init-recognise.ts';
import type { Hint, RestoreIn } from './init-scripts.ts';
import { plainOf, usualOf, writtenBy } from './init-service.ts';
import { textBehind } from './init-sidecar.ts';

/** A backup that a scheduler of containers has run in a database's service, by labels of that. */
export interface LabelJob {
  component: string;
  service: string;
  /** As a reader knows it: the label that holds its command. */
  label: string;
  command: string[];
  restore: string[];
  files: string;
  /** How often, where it is one of the usual ways to say so. */
  every: string | null;
  /** Whether the user said which files it leaves. */
  said: boolean;
}

const part = /^((?:ofelia|chadburn)\.job-exec\.([^.]+))\.(schedule|command)$/;

/**
 * Jobs of ofelia (`ofelia.job-exec.<name>.command`) that back up by their name or their command. What runs
 * them asks the engine, by its socket, and is in no drill: a drill runs their commands itself.
 */
export function labelJobsOf(
  config: ComposeConfig,
  data: readonly Recognised[],
  restores: RestoreIn,
  saidFiles: string | undefined,
): { jobs: LabelJob[]; hints: Hint[] } {
  const jobs: LabelJob[] = [];
  const hints: Hint[] = [];
  for (const { service, component, driver } of data) {
    const declared = config.services[service] as Service;
    for (const [label, { command = '', schedule = '' }] of jobsIn(declared.labels ?? {})) {
      if (!/backup|dump/i.test(`${label} ${command}`)) continue;
      const words = wordsOf(command.replaceAll('$$', '$'));
      const left = leftBy(textBehind(words, declared.volumes ?? []), plainOf(declared)).files;
      const written = left.filter((one) => isBelowOne(one, writtenBy(declared)));
      const files = saidFiles ?? (written.length === 1 ? written[0]! : null);
      const restore = restores(service, { service, driver });
      if (words.length > 0 && files !== null && restore) {
        const every = usualOf(schedule);
        const said = saidFiles !== undefined;
        jobs.push({
          component,
          service,
          label: `${label}.command`,
          command: words,
          restore,
          files,
          every,
          said,
        });
        continue;
      }
      hints.push({
        what: `${label} in the labels of ${service}`,
        why:
          files === null
            ? 'its text does not say which files it leaves (--backup-files says it)'
            : 'no script that restores what it leaves is there',
        command: words.join(', '),
        in: service,
      });
    }
  }
  return { jobs, hints };
}

type Job = Partial<Record<'schedule' | 'command', string>>;

/** By the first part of their labels. */
function jobsIn(labels: Record<string, string>): Map<string, Job> {
  const jobs = new Map<string, Job>();
  for (const [label, value] of Object.entries(labels)) {
    const [, job, , which] = part.exec(label) ?? [];
    if (job !== undefined) jobs.set(job, { ...jobs.get(job), [which as keyof Job]: value });
  }
  return jobs;
}

/** As the scheduler takes it apart: quotes keep words together, and no shell reads it. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain!,
  );
