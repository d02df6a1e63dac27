/** A name that a component, and a file, may have. */
export const plainName = (service: string): string =>
  service
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .replace(/-+$/, '')
    .slice(0, 48) || 'service';

/** Words that are no text in YAML. */
const noText = new Set(['null', 'true', 'false']);

/**
 * A plain name for each service, by its own: no two have the same, and who has a plain one already keeps it.
 */
export function plainNames(services: readonly string[]): Map<string, string> {
  const names = new Map(
    services.filter((one) => plainName(one) === one && !noText.has(one)).map((one) => [one, one]),
  );
  const taken = new Set(names.keys());
  for (const service of services.filter((one) => !names.has(one))) {
    const plain = noText.has(plainName(service)) ? `${plainName(service)}-service` : plainName(service);
    let name = plain;
    for (let n = 2; taken.has(name); n += 1) name = `${plain}-${n}`;
    taken.add(name);
    names.set(service, name);
  }
  return names;
}

/**
 * A path without its query, where that says something that may be secret, by its name or because a variable
 * with a secret's name has that value.
 */
export function withoutSecrets(path: string, isSecret: (name: string, value: string) => boolean): string {
  const at = path.indexOf('?');
  if (at < 0) return path;
  const query = new URLSearchParams(path.slice(at + 1));
  return [...query].some(([name, value]) => isSecret(name, value)) ? path.slice(0, at) : path;
}
