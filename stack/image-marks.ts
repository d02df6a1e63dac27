import { inputError, type MusterError } from '../core/errors.ts';
import type { HostRules } from '../core/stack.ts';
import { actedOn, listed, toldOfBackups } from './acted-on.ts';
import type { PlaceOf } from './containment.ts';
import type { Layer, Neutral } from './moved-shape.ts';
import { Replaced, replaced } from './override-file.ts';

/** What a container has of its image unless something else is laid over it; as the engine gives it. */
export interface ImageMarks {
  Labels?: Record<string, string> | null;
  Env?: string[] | null;
}

/** Names that say what an image is: nobody acts on them, or Compose and Muster set them on the container. */
const descriptive =
  /^(?:org\.(?:opencontainers|label-schema)\.|io\.(?:buildah|k8s|openshift)\.|com\.(?:docker|redhat)\.|desktop\.docker\.io\/|muster\.|(?:maintainer|authors?|name|version|release|vendor|summary|description|url|usage|licenses?|architecture|distribution-scope|build-date|vcs-type|vcs-ref|authoritative-source-url)$)/i;

/** By what turns all labels of a program off, whichever of them there are. */
const switches: [RegExp, Readonly<Record<string, string>>][] = [
  [/^traefik\./, { 'traefik.enable': 'false' }],
  [/^com\.centurylinklabs\.watchtower(?:\.|$)/, { 'com.centurylinklabs.watchtower.enable': 'false' }],
  [/^ofelia\./, { 'ofelia.enabled': 'false' }],
  [/^chadburn\./, { 'chadburn.enabled': 'false' }],
  [/^diun\./, { 'diun.enable': 'false' }],
  [/^wud\./, { 'wud.watch': 'false' }],
  [/^nautical-backup\./, { 'nautical-backup.enable': 'false' }],
  [/^tsdproxy\./, { 'tsdproxy.enable': 'false' }],
];

/** Acted on where they are there at all, whatever they say, and without a label that turns that off. */
const onSight =
  /^(?:caddy(?:_\w+)?(?:\.|$)|docker-volume-backup\.(?:archive|process|copy|prune)-(?:pre|post)|deck-chores\.)/;

/** Names of labels and variables in images that others act on, and what is neutral over each. */
export function actedOnInImages(
  images: readonly ImageMarks[],
  set: Readonly<Record<string, string>> = {},
): { neutral: Neutral; labels: string[]; variables: string[] } {
  const names = (of: (image: ImageMarks) => string[]): string[] => [...new Set(images.flatMap(of))].sort();
  const labels = names(({ Labels }) => Object.keys(Labels ?? {})).filter((name) => !descriptive.test(name));
  const variables = names(({ Env }) => (Env ?? []).map((one) => one.split('=')[0]!)).filter(
    (name) => actedOn.test(name) && !Object.hasOwn(set, name),
  );
  const off = switches.filter(([of]) => labels.some((name) => of.test(name))).map(([, value]) => value);
  const empty = (all: string[]): Record<string, string> => Object.fromEntries(all.map((name) => [name, '']));
  const neutral = { labels: Object.assign(empty(labels), ...off), environment: empty(variables) };
  return { neutral, labels, variables };
}

/**
 * What is laid over labels and variables of a service's images so that no other program acts on the drill's
 * container, with what is told of it. An empty value is none to all who ask for a certain one. A variable
 * that the strategy sets is as it says. Input errors for labels without a value that is neutral.
 */
export function neutralOf(
  service: string,
  images: readonly ImageMarks[],
  { environment: set = {} }: Pick<HostRules, 'environment'>,
  placeOf: PlaceOf,
): { neutral: Neutral; lines: string[]; problems: MusterError[] } {
  const { neutral, labels, variables } = actedOnInImages(images, set[service]);
  const lines: string[] = [];
  if (labels.length > 0) {
    lines.push(
      `labels of the image of ${service}: without effect, other programs act on such (${listed(labels, 3)})`,
    );
    toldOfBackups(service, labels, (line) => lines.push(line));
  }
  if (variables.length > 0)
    lines.push(
      `${variables.join(', ')} of the image of ${service}: empty, a reverse proxy on this machine acts on it`,
    );
  const problems = labels.filter((name) => onSight.test(name));
  return { neutral, lines, problems: problems.map((name) => refusal(service, name, placeOf)) };
}

const refusal = (service: string, label: string, placeOf: PlaceOf): MusterError =>
  inputError(`another program would act on the drill's container of ${service}`, {
    at: placeOf(service, ['image']),
    found: `label ${label} of its image, which no value makes neutral`,
    expected: 'an image without it',
    hint: 'name or build one without that label in a compose file for drills, which goes over yours (stack: a list)',
  });

/** The layer of a service with what is neutral over whatever its image has. */
export function overImage(layer: Layer | undefined, neutral: Neutral | undefined): Layer {
  if (!neutral) return {};
  return {
    ...joined('labels', layer, neutral.labels),
    ...joined('environment', layer, neutral.environment),
  };
}

function joined(key: string, layer: Layer | undefined, values: Readonly<Record<string, string>>): Layer {
  if (Object.keys(values).length === 0) return {};
  const laid = layer?.[key];
  // What is laid already goes first: a variable that was taken away is not among it.
  return laid instanceof Replaced
    ? { [key]: replaced({ ...values, ...(laid.value as Layer) }) }
    : { [key]: { ...values, ...(laid as Layer | undefined) } };
}
