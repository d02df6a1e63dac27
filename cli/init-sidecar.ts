import { join, resolve, sep } from 'node:path';
import type { ComposeConfig } from '../stack/compose.ts';
import { needsOf, type Needing } from '../stack/needed.ts';
import { isBelowOne, leftBy, type LeftBy } from './init-left.ts';
import type { Recognised, Service } from './init-recognise.ts';
import { plainOf, usualOf, writtenBy, type Schedule } from './init-service.ts';
import { fileAt, textAt } from './init-text.ts';
import { packedBy, packedIn, packsVolumes } from './init-volumes.ts';

/** A sidecar that a drill can follow. */
export interface Sidecar {
  service: string;
  component: string;
  files: string[];
  begins: string[];
  schedule: Schedule;
  by: string;
}

/** Images whose manuals say where they leave a plain dump of one database, and what sets their schedule. */
const images: { pattern: RegExp; drivers: string[]; files: string; env: string; drill: string }[] = [
  {
    pattern: /(^|\/)postgres-backup-local(:|@|$)/,
    drivers: ['postgres'],
    files: '/backups/last/*.sql.gz',
    env: 'SCHEDULE',
    drill: '@every 1m',
  },
  {
    pattern: /(^|\/)mysql-cron-backup(:|@|$)/,
    drivers: ['mysql', 'mariadb'],
    files: '/backup/*.sql.gz',
    env: 'CRON_TIME',
    drill: '* * * * *',
  },
];

/** Why a sidecar is not followed; the service is left out, or runs on its own. */
export interface NotFollowed {
  service: string;
  why: string;
}

/** Each service that looks like a backup sidecar, and how a drill can follow it, or why it cannot. */
export function sidecarsOf(
  config: ComposeConfig,
  found: readonly Recognised[],
  data: readonly Recognised[],
): (Sidecar | NotFollowed)[] {
  return found.flatMap((one) => {
    if (one.driver !== null) return [];
    const service = config.services[one.service] as Service;
    const text = textOf(service);
    const isOne = one.sidecar || (/backup|dump/i.test(one.service) && /dump|backup/i.test(text + one.image));
    return isOne ? [asSidecar(config, one, text, data)] : [];
  });
}

function asSidecar(
  config: ComposeConfig,
  { service, image, sidecar, leftOut }: Recognised,
  text: string,
  data: readonly Recognised[],
): Sidecar | NotFollowed {
  const declared = config.services[service] as Service;
  const not = (why: string): NotFollowed => ({ service, why });
  if (leftOut !== null && !sidecar) return not(leftOut);
  const of = packsVolumes(image)
    ? (packedIn(config, service, data) ?? backedUpBy(config, service, data))
    : backedUpBy(config, service, data);
  if (!of) return not('nothing says which database it backs up');
  if (packsVolumes(image)) {
    const packs = packedBy(declared, config.services[of.service] as Service, of.service);
    return typeof packs === 'string'
      ? not(packs)
      : { ...packs, ...{ service, component: of.component, begins: [], by: `image ${image}` } };
  }
  const known = images.find(({ pattern, drivers }) => pattern.test(image) && drivers.includes(of.driver!));
  const env = plainOf(declared);
  if (known) {
    const { files, env: name, drill } = known;
    const usual = usualOf(env[name] ?? '');
    return {
      ...{ service, component: of.component, files: [files], begins: [] },
      schedule: { env: name, drill, every: '1m', usual },
      by: `image ${image}`,
    };
  }
  if (text === '') return not('nothing in the repository says which files it leaves');
  const left = leftBy(text, env);
  const written = writtenBy(declared);
  const files = left.files.filter((one) => isBelowOne(one, written));
  if (files.length !== 1)
    return not(
      files.length === 0
        ? 'its script does not say which files it leaves'
        : `it leaves several kinds of files (${files.join(', ')})`,
    );
  const schedule = scheduleOf(left, env);
  if (typeof schedule === 'string') return not(schedule);
  const begins = left.files.filter((one) => one.startsWith('/') && !files.includes(one));
  return { service, component: of.component, files, begins, schedule, by: 'its own script' };
}

/** What a service runs, and the text of each script of the repository that this names. */
const textOf = ({ command, entrypoint, volumes = [] }: Service): string =>
  textBehind([...(entrypoint ?? []), ...(command ?? [])], volumes);

/** Words of a command, with the text of each script that they name. */
export function textBehind(command: readonly string[], volumes: NonNullable<Service['volumes']>): string {
  const words = command.map((one) => one.replaceAll('$$', '$'));
  const scripts = words
    .join(' ')
    .split(/[\s;&|"']+/)
    .flatMap((path) => fileBehind(path, volumes) ?? [])
    .flatMap((file) => textAt(file) ?? []);
  return [...words, ...scripts].join('\n');
}

/** The file of this machine that a path in the container stands for, where it is a folder's or its own. */
export function fileBehind(path: string, volumes: NonNullable<Service['volumes']>): string | null {
  const mount = volumes.find(
    ({ type, target }) => type === 'bind' && (path === target || isBelowOne(path, [target])),
  );
  if (!mount?.source) return null;
  const file = join(mount.source, path.slice(mount.target.replace(/\/$/, '').length));
  // A path that leads out of what is mounted leads to something else in the container.
  const isInside = file === resolve(mount.source) || file.startsWith(resolve(mount.source) + sep);
  return isInside && fileAt(file) !== null ? file : null;
}

/** By what it is told of, then by what it waits for, then because there is no other. */
function backedUpBy(config: ComposeConfig, service: string, data: readonly Recognised[]): Recognised | null {
  const declared = config.services[service] as Service;
  const told = Object.values(plainOf(declared))
    .join(' ')
    .split(/[\s,:/@]+/);
  const named = data.filter((one) => {
    const { container_name: name } = config.services[one.service] as Service;
    return told.includes(one.service) || (name !== undefined && told.includes(name));
  });
  const needed = data.filter((one) => needsOf(declared as Needing).includes(one.service));
  return [named, needed, data].find((some) => some.length === 1)?.[0] ?? null;
}

const often = /CRON|SCHEDULE|INTERVAL|EVERY|FREQ|PERIOD/i;
const cron = /^(\S+\s+){4}\S+$/;
/** What shortens it, or why nothing does. */
function scheduleOf({ sleeps, sleepsFor }: LeftBy, env: Record<string, string>): Schedule | string {
  const slept = sleeps.find((name) => env[name] !== undefined);
  if (slept !== undefined)
    // A dump takes a while on top of the sleep.
    return { env: slept, drill: '5', every: '15s', usual: usualOf(env[slept]!) };
  if (sleepsFor !== null) return `it sleeps for ${sleepsFor}, and no variable of it says for how long`;
  const name = Object.keys(env).find(
    (one) => often.test(one) && (cron.test(env[one]!) || /^@/.test(env[one]!)),
  );
  if (name !== undefined) return { env: name, drill: '* * * * *', every: '1m', usual: usualOf(env[name]!) };
  return 'no variable of it says when it runs';
}
