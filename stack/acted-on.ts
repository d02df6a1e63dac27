import type { HostRules } from '../core/stack.ts';
import type { ComposeConfig } from './compose.ts';
import type { Layer, MovedService, Network, Neutral } from './moved-shape.ts';
import { Removed, removed, replaced, type Replaced } from './override-file.ts';

type Say = (line: string) => void;

/** Variables by which a reverse proxy on this machine would send the drill what is meant for others. */
export const actedOn = /^(VIRTUAL_HOST|VIRTUAL_PORT|VIRTUAL_PATH|VIRTUAL_HOST_MULTIPORTS|LETSENCRYPT_HOST)$/;

/** What a backup rests on that others do by a label, and that nobody does for the drill's copy. */
const actedOnLabels: [RegExp, (of: string, names: string) => string][] = [
  [
    /^docker-volume-backup\.stop-(?:service-)?during-backup/,
    (of, names) =>
      `nobody stops ${of} in a drill while its files are packed (${names}): what a sidecar packs there may be torn, where yours is whole`,
  ],
  [
    /^(?:ofelia|chadburn)\.job-/,
    (of, names) =>
      `no schedule in labels of ${of} is carried out in a drill (${names}): a backup of method command has the drill run it`,
  ],
];

const isMusters = (label: string): boolean => label.startsWith('muster.');
/** Labels that are not Muster's. */
export const othersIn = (labels: Record<string, string> = {}): string[] =>
  Object.keys(labels).filter((name) => !isMusters(name));

/** Labels of the user's own are for other programs: none of them sees its own in a drill. */
export function labelsOf(
  of: string,
  own: Record<string, string> | undefined,
  labels: Record<string, string>,
  say: Say,
): { labels: Record<string, string> | Replaced } {
  const others = othersIn(own);
  if (others.length === 0) return { labels };
  const kept = Object.fromEntries(Object.entries(own!).filter(([name]) => isMusters(name)));
  say(`labels of ${of}: left out, other programs act on such (${listed(others, 3)})`);
  toldOfBackups(of, others, say);
  return { labels: replaced({ ...kept, ...labels }) };
}

/** Says which backups rest on labels among these. */
export function toldOfBackups(of: string, names: readonly string[], say: Say): void {
  for (const [acted, told] of actedOnLabels) {
    const found = names.filter((name) => acted.test(name));
    if (found.length > 0) say(told(of, listed(found, 3)));
  }
}

/** As `labelsOf`. Compose adds those of a `label_file` after it has merged all files. */
export function serviceLabels(
  of: string,
  { labels: own }: MovedService,
  labels: Record<string, string>,
  say: Say,
): Layer {
  const layer = labelsOf(of, own, labels, say);
  return layer.labels === labels ? layer : { ...layer, label_file: removed };
}

/** The variables of a service that are taken away for what others do by them. */
export function withoutActedOn(of: string, { environment = {} }: MovedService, say: Say): Layer {
  const found = Object.keys(environment).filter((name) => actedOn.test(name));
  if (found.length === 0) return {};
  say(`${found.join(', ')} of ${of}: left out, a reverse proxy on this machine acts on it`);
  return Object.fromEntries(found.map((name) => [name, removed]));
}

/**
 * The layer that changes variables of a service so. Compose adds those of an `env_file` after it has merged
 * all files: where one is taken away, all that is resolved stands in the place of both.
 */
export function environmentLayer({ environment = {} }: MovedService, changed: Layer): Layer {
  const isGone = (value: unknown): boolean => value instanceof Removed;
  if (Object.keys(changed).length === 0) return {};
  if (!Object.values(changed).some(isGone)) return { environment: changed };
  const all = Object.entries({ ...environment, ...changed }).filter(([, value]) => !isGone(value));
  return { env_file: removed, environment: replaced(Object.fromEntries(all)) };
}

/**
 * What others act on and a merged file has all the same, by what has it. A variable that the strategy sets
 * (`environment`) is none, and nothing is that is laid over an image (`neutral`).
 */
export function actedOnIn(
  { services, networks = {}, volumes = {} }: ComposeConfig,
  { environment: set = {} }: HostRules,
  neutral: Readonly<Record<string, Neutral>> = {},
): [string, string][] {
  const labelled = (of: string, all: [string, Network | null][]): [string, string][] =>
    all.flatMap(([name, one]) =>
      othersIn(one?.labels)
        .filter((label) => of !== '' || neutral[name]?.labels[label] !== one!.labels![label])
        .map((label): [string, string] => [`${of}${name}`, `label ${label}`]),
    );
  const containers = Object.entries(services as Record<string, MovedService>).flatMap(
    ([name, service]): [string, MovedService][] =>
      [service, ...(service.pre_start ?? []), { labels: service.build?.labels ?? {} }].map((one) => [
        name,
        one,
      ]),
  );
  const variables = containers.flatMap(([service, { environment = {} }]) =>
    Object.entries(environment)
      .filter(([name, value]) => neutral[service]?.environment[name] !== value || value === undefined)
      .filter(([name]) => actedOn.test(name) && !Object.hasOwn(set[service] ?? {}, name))
      .map(([name]): [string, string] => [service, `variable ${name}`]),
  );
  return [
    ...labelled('', containers as [string, Network][]),
    ...labelled('network ', Object.entries(networks as Record<string, Network | null>)),
    ...labelled('volume ', Object.entries(volumes as Record<string, Network | null>)),
    ...variables,
  ];
}

/** `a, b and 3 more`. */
export const listed = (words: string[], most: number): string =>
  words.length <= most
    ? words.join(', ')
    : `${words.slice(0, most).join(', ')} and ${words.length - most} more`;
