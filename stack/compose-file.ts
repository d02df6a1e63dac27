import { readFile } from 'node:fs/promises';
import { parseSource } from '../core/document.ts';
import { InputErrors, inputError, type MusterError } from '../core/errors.ts';
import type { StackDescription } from '../core/stack.ts';
import { needsOf } from './needed.ts';
import { regionLabel } from './owner.ts';

/**
 * Reads what a compose file declares, without Docker. Compose itself is the judge when the stack goes up;
 * here only what makes a drill impossible is refused: no services. Input errors carry file:line:column.
 * Services that come by `include` or `extends` are not seen (compose-ahead.ts asks Compose for those).
 */
export async function describeComposeFile(file: string): Promise<StackDescription> {
  // Merge keys (`<<`) are how compose files share; tags such as !reset are Compose's own business.
  const source = parseSource(file, await readText(file));
  const problems: MusterError[] = [];
  const root = source.data;
  const declared = isRecord(root) ? root['services'] : undefined;
  if (!isRecord(declared) || Object.keys(declared).length === 0) {
    problems.push(
      inputError('no services', {
        at: source.place(['services']),
        expected: 'a compose file with a `services:` mapping',
      }),
    );
  } else {
    for (const [name, service] of Object.entries(declared)) {
      if (!isRecord(service))
        problems.push(
          inputError(`service ${name} is not a mapping`, {
            at: source.place(['services', name]),
            found: JSON.stringify(service),
            expected: 'image, ports, volumes, …',
          }),
        );
    }
  }
  if (problems.length > 0) throw problems.length === 1 ? problems[0]! : new InputErrors(problems);
  return descriptionOf(file, root as DeclaredProject);
}

/** A project as a file has it, or as Compose writes it. */
export interface DeclaredProject {
  services: Record<string, Record<string, unknown>>;
  volumes?: unknown;
}

/** What a plan reads of it. */
export function descriptionOf(file: string, project: DeclaredProject): StackDescription {
  const services = new Map(
    Object.entries(project.services).map(([name, service]) => [
      name,
      {
        ports: [
          ...list(service['ports']).flatMap(containerPorts),
          ...list(service['expose']).flatMap(containerPorts),
        ],
        volumes: list(service['volumes']).flatMap(namedVolume),
        mounts: mountsOf(project.services, service),
        restart: restartPolicyOf(service),
        region: labelOf(service['labels'], regionLabel),
        profiles: list(service['profiles']).map(textOf),
        needs: needsOf(service),
        accounts: accountsOf(service['environment']),
      },
    ]),
  );
  return { file, services, ownFileSystems: ownFileSystems(project) };
}

/** Input error where it cannot be read. */
export const readText = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw inputError(`the compose file ${file} cannot be read`, {
      found: error.code ?? error.message,
      expected: 'a readable file',
      cause: error,
    });
  });

/** Volumes in memory, which must have a size, and those on a device of their own. */
function ownFileSystems(root: unknown): Set<string> {
  const volumes = isRecord(root) && isRecord(root['volumes']) ? Object.entries(root['volumes']) : [];
  const isOwn = (volume: unknown): boolean => {
    const options = isRecord(volume) ? volume['driver_opts'] : undefined;
    if (!isRecord(options)) return false;
    return options['type'] === 'tmpfs'
      ? /(^|,)size=/.test(textOf(options['o']))
      : textOf(options['device']).startsWith('/dev/');
  };
  return new Set(volumes.filter(([, volume]) => isOwn(volume)).map(([name]) => name));
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
/** An entry as Compose reads it; a list or a mapping where text belongs is none. */
export const textOf = (value: unknown): string => (typeof value === 'object' ? '' : String(value));

/**
 * `${NAME:-default}` as Compose will read it, so that a colon inside the braces does not look like a
 * separator.
 */
const interpolated = (text: string): string =>
  text.replace(
    /\$\{(\w+)(?::?-([^}]*)|:?\?[^}]*)?\}/g,
    (_, name: string, fallback?: string) => process.env[name] || fallback || '',
  );

const highestPort = 65_535;

/**
 * The container's side of one `ports` or `expose` entry: `6379`, `127.0.0.1::6379`, `8000-8001:80-81/tcp`, `{
 * target: 80 }`.
 */
function containerPorts(entry: unknown): number[] {
  if (isRecord(entry)) return containerPorts(entry['target']);
  const [, from, to] = /(\d+)(?:-(\d+))?$/.exec(interpolated(textOf(entry)).split('/')[0]!) ?? [];
  if (from === undefined || Number(to ?? from) > highestPort) return [];
  return Array.from(
    { length: Math.max(0, Number(to ?? from) - Number(from) + 1) },
    (_, index) => Number(from) + index,
  );
}

/** As Compose takes it: `restart`, and where that is not there `deploy.restart_policy.condition`. */
function restartPolicyOf({ restart, deploy }: Record<string, unknown>): string | null {
  const policy = isRecord(deploy) && isRecord(deploy['restart_policy']) ? deploy['restart_policy'] : {};
  const said = interpolated(textOf(restart ?? policy['condition'] ?? 'no'));
  if (said === 'no' || said === 'none') return null;
  return said === 'any' ? 'always' : said;
}

/** Labels are a mapping or a list of `name=value`. */
function labelOf(labels: unknown, name: string): string | null {
  const found = isRecord(labels)
    ? labels[name]
    : list(labels)
        .map(textOf)
        .find((each) => each.startsWith(`${name}=`))
        ?.slice(name.length + 1);
  return found === undefined || found === null ? null : interpolated(textOf(found));
}

/** Names of people and programs, and nothing that is secret. */
function accountsOf(environment: unknown): Record<string, string> {
  const names = isRecord(environment)
    ? Object.keys(environment)
    : list(environment).map((entry) => textOf(entry).split('=')[0]!);
  return Object.fromEntries(
    names
      .filter((name) => name.endsWith('_USER'))
      .map((name): [string, string] => [name, labelOf(environment, name) ?? ''])
      .filter(([, account]) => account !== ''),
  );
}

function namedVolume(entry: unknown): string[] {
  if (isRecord(entry))
    return (entry['type'] ?? 'volume') === 'volume' && typeof entry['source'] === 'string'
      ? [entry['source']]
      : [];
  const [source, target] = interpolated(textOf(entry)).split(':');
  return target !== undefined && /^[a-zA-Z0-9]/.test(source!) ? [source!] : [];
}

/** Mounts of named volumes, and of what it takes `volumes_from`. */
function mountsOf(
  services: Record<string, Record<string, unknown>>,
  service: Record<string, unknown>,
): { volume: string; path: string; folder: string }[] {
  const others = list(service['volumes_from'])
    .map((entry) => services[textOf(entry).split(':')[0]!])
    .filter(isRecord);
  return [service, ...others].flatMap((one) =>
    list(one['volumes']).flatMap((entry) => {
      const [volume] = namedVolume(entry);
      if (volume === undefined) return [];
      if (!isRecord(entry)) return [{ volume, path: interpolated(textOf(entry)).split(':')[1]!, folder: '' }];
      const { subpath } = isRecord(entry['volume']) ? entry['volume'] : {};
      return [{ volume, path: textOf(entry['target']), folder: textOf(subpath ?? '') }];
    }),
  );
}
