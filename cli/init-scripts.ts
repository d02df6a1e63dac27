import { accessSync, constants, globSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { ComposeConfig } from '../stack/compose.ts';
import { isBelowOne, leftBy } from './init-left.ts';
import type { Recognised, Service } from './init-recognise.ts';
import { plainOf, writtenBy } from './init-service.ts';
import { textAt } from './init-text.ts';
import { waitBefore } from './init-wait.ts';

const usualFolders = [
  '',
  'scripts',
  'script',
  'bin',
  'ops',
  'deploy',
  'docker',
  'backup',
  'backups',
  'tools',
];
const scriptPattern = '*{backup,dump,restore}*.{sh,bash,py,js,mjs,ts,rb,pl}';
const restores = /restore/i;

/** Scripts of the user's own that a drill can run in a service, for the component that lives there. */
export interface Scripts {
  component: string;
  service: string;
  backup: { path: string; command: string[] };
  restore: { path: string; command: string[] };
  files: string;
  /** Whether the user said which files they leave. */
  said: boolean;
}

/** What looks like a backup of the user's own, and why no drill runs it as it is. */
export interface Hint {
  what: string;
  why: string;
  /** As a strategy would say it, and where it would run. */
  command: string;
  in: string;
}

/** The command that restores such a database in a service; null where no script does. */
export type RestoreIn = (place: string, of: Pick<Recognised, 'driver' | 'service'>) => string[] | null;

/**
 * Pairs of scripts in the repository. One is proposed where its folder is mounted in a database's own service
 * and its text says which files it leaves; on this machine none is run without being asked for.
 */
export function scriptsOf(
  at: string,
  config: ComposeConfig,
  data: readonly Recognised[],
  saidFiles: string | undefined,
): { pairs: Scripts[]; hints: Hint[]; restores: RestoreIn } {
  const folders = new Set([...usualFolders, ...mountedFolders(at, config)]);
  const found = [...folders]
    .flatMap((one) => globSync(join(one, scriptPattern), { cwd: at }))
    .filter((path) => textAt(join(at, path)) !== null)
    .sort();
  // What a service runs that backs up is told of with that.
  const ofServices = Object.entries(config.services)
    .filter(([name]) => !data.some(({ service }) => service === name))
    .map(([, service]) => service as Service);
  const makes = found.filter(
    (path) =>
      !restores.test(basename(path)) && !ofServices.some((service) => inside(at, path, service) !== null),
  );
  const pairs: Scripts[] = [];
  const hints: Hint[] = [];
  for (const path of makes) {
    const pair = pairOf({ at, config, data, saidFiles }, path, found);
    if ('component' in pair) {
      if (pairs.some(({ component }) => component === pair.component))
        hints.push({
          what: path,
          why: 'another one is run in the place of it',
          command: pair.backup.command.join(', '),
          in: pair.service,
        });
      else pairs.push(pair);
    } else hints.push(pair);
  }
  hints.push(...tasksOf(at));
  return { pairs, hints, restores: (place, of) => restoreIn(at, config, place, found, of) };
}

/** Folders of the project that services have mounted, from the project's folder. */
const mountedFolders = (at: string, { services }: ComposeConfig): string[] =>
  Object.values(services)
    .flatMap((service) => (service as Service).volumes ?? [])
    .filter(
      ({ type, source }) => type === 'bind' && source !== undefined && isBelowOne(source, [resolve(at)]),
    )
    .map(({ source }) => relative(at, source!))
    .filter((one) => !/[*?[{]/.test(one));

interface Looking {
  at: string;
  config: ComposeConfig;
  data: readonly Recognised[];
  saidFiles: string | undefined;
}

function pairOf(
  { at, config, data, saidFiles }: Looking,
  path: string,
  found: readonly string[],
): Scripts | Hint {
  const home = data.find(({ service }) => inside(at, path, config.services[service] as Service));
  // On this machine from the folder of the strategy, which `muster init` makes in the project's.
  const command = home ? run(at, path, config.services[home.service] as Service).join(', ') : `../${path}`;
  const not = (why: string): Hint => ({ what: path, why, command, in: home?.service ?? 'host' });
  if (!home) return not('it runs on this machine, where what it names by a path of its own is yours');
  const service = config.services[home.service] as Service;
  const back = restoreFor(path, found);
  if (back === null) return not('there is no script beside it that restores');
  const text = textAt(join(at, path)) ?? '';
  const written = writtenBy(service);
  const left = leftBy(text, plainOf(service)).files.filter((one) => isBelowOne(one, written));
  const files = saidFiles ?? (left.length === 1 ? left[0]! : null);
  if (files === null) return not('its text does not say which files it leaves (--backup-files says it)');
  const backText = textAt(join(at, back)) ?? '';
  if (!leftBy(backText, {}).takesFile) return not(`${back} does not take what to restore as its first word`);
  return {
    component: home.component,
    service: home.service,
    backup: { path, command: run(at, path, service) },
    restore: {
      path: back,
      command: withFile(run(at, back, service), waitBefore(home, home.service, backText)),
    },
    files,
    said: saidFiles !== undefined,
  };
}

/** `full-backup.sh` has `full-restore.sh`; else the only one beside it. */
function restoreFor(path: string, found: readonly string[]): string | null {
  const beside = found.filter((one) => dirname(one) === dirname(path) && restores.test(basename(one)));
  const wanted = basename(path).replace(/backup|dump/i, 'restore');
  return beside.find((one) => basename(one) === wanted) ?? (beside.length === 1 ? beside[0]! : null);
}

/** Its path in the container; null where no folder that it lies in is mounted there. */
function inside(at: string, path: string, { volumes = [] }: Service): string | null {
  const whole = resolve(at, path);
  for (const { type, source, target } of volumes) {
    if (type !== 'bind' || source === undefined) continue;
    if (resolve(source) === whole) return target;
    if (isBelowOne(whole, [resolve(source)]))
      return `${target.replace(/\/$/, '')}/${relative(resolve(source), whole)}`;
  }
  return null;
}

function run(at: string, path: string, service: Service): string[] {
  const target = inside(at, path, service)!;
  try {
    accessSync(join(at, path), constants.X_OK);
    return [target];
  } catch {
    return ['sh', target];
  }
}

/** What a drill restores is told by a variable, which only a shell puts in its place. */
const withFile = (command: string[], wait: string | null): string[] => [
  'sh',
  '-c',
  `${wait ?? ''}${command.map(asWord).join(' ')} "$MUSTER_FILE"`,
];
/** What a shell would take for more than one word, or for something to do, is quoted. */
const asWord = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** The only script that restores and that lies in a folder which is mounted there. */
function restoreIn(
  at: string,
  config: ComposeConfig,
  name: string,
  found: readonly string[],
  of: Pick<Recognised, 'driver' | 'service'>,
): string[] | null {
  const service = config.services[name] as Service;
  const fitting = found.filter(
    (path) =>
      restores.test(basename(path)) &&
      inside(at, path, service) !== null &&
      leftBy(textAt(join(at, path)) ?? '', {}).takesFile,
  );
  const [only] = fitting;
  if (only === undefined || fitting.length > 1) return null;
  return withFile(run(at, only, service), waitBefore(of, name, textAt(join(at, only)) ?? ''));
}

/** Targets of make and scripts of npm, which run on this machine. */
function tasksOf(at: string): Hint[] {
  const why = 'it runs on this machine, where what it names by a path of its own is yours';
  const read = (name: string): string => textAt(join(at, name)) ?? '';
  const make = [...read('Makefile').matchAll(/^([\w-]*(?:backup|dump)[\w-]*)\s*:(?!=)/gim)].map(
    ([, name]) => ({
      what: `make ${name}`,
      why,
      command: `make, -C, ../, ${name}`,
      in: 'host',
    }),
  );
  let scripts: Record<string, unknown> = {};
  try {
    scripts =
      (JSON.parse(read('package.json') || '{}') as { scripts?: Record<string, unknown> }).scripts ?? {};
  } catch {
    // Nothing that npm could run either.
  }
  const npm = Object.keys(scripts)
    .filter((name) => /backup|dump/i.test(name))
    .map((name) => ({
      what: `npm run ${name}`,
      why,
      command: `npm, --prefix, ../, run, ${name}`,
      in: 'host',
    }));
  return [...make, ...npm];
}
