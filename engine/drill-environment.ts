import { environmentError, inputError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import { secretsIn } from '../core/masking.ts';
import type { Recorded, Sandbox, Given } from './drill-context.ts';
import { readOwnSecrets, secretFlags, type OwnSecrets } from './own-secrets.ts';
import { watchedService } from './regions.ts';

/**
 * A secret by name: as the service says it of itself, where one is asked for; then what was generated because
 * nothing says it; then as Compose reads the project's `.env`; then from the process's environment. Throws an
 * input error naming it.
 */
export function secretOf(drill: Given, name: string, own: OwnSecrets | null = null): string {
  const value =
    own?.say(name) || drill.environment[name] || drill.projectEnvironment[name] || process.env[name];
  if (value === undefined || value === '')
    throw inputError(`secret ${name} is not set`, {
      expected: `${name} in the environment of the service, in the project's .env, or in that of Muster`,
      hint: `export ${name}=… before the drill`,
    });
  drill.secrets.add(value);
  return value;
}

/** Whether a password was made for this run: a backup that another run made has another one in its place. */
export const isOfThisRun =
  ({ environment }: Pick<Given, 'environment'>) =>
  (password: string): boolean =>
    password !== '' && Object.values(environment).includes(password);

/** What a service says of itself; asked once, because its files are read in its container. */
export async function ownSecretsOf(
  drill: Pick<Given, 'ownSecrets' | 'secrets'>,
  service: Service,
): Promise<OwnSecrets> {
  const known = drill.ownSecrets.get(service.name);
  if (known) return known;
  const own = await readOwnSecrets(service);
  for (const value of own.values) drill.secrets.add(value);
  drill.ownSecrets.set(service.name, own);
  return own;
}

/** All that must not be shown: of the drill, of the project, and of any of its services. */
export const hiddenIn = (
  drill: Pick<Given, 'environment' | 'projectEnvironment' | 'secrets'> & Pick<Sandbox, 'stack'>,
): string[] => [
  ...Object.values(drill.environment),
  ...secretsIn(drill.projectEnvironment),
  ...drill.secrets,
  ...[...(drill.stack?.services.values() ?? [])].flatMap(({ env, argv }) => [
    ...secretsIn(env),
    ...Object.values(secretFlags(argv, env)),
  ]),
];

/** Stands for a service where there is no stack: any use of it is a fault of the strategy. */
function noService(name: string): Service {
  return new Proxy({} as Service, {
    get: (_, property) => {
      throw inputError(
        `component ${name} needs a container (${String(property)}), and the strategy says stack: none`,
        { hint: 'name a compose file' },
      );
    },
  });
}

export function serviceOf(drill: Recorded & Sandbox, name: string): Service {
  if (!drill.stack) return noService(name);
  const service = drill.stack.services.get(name);
  if (!service) throw environmentError(`service ${name} is not in the stack that came up`);
  return watchedService(drill, service);
}

/** Name of the service that others of a stack find by a name or an address now; null where none is. */
export async function serviceNamed(
  services: ReadonlyMap<string, Pick<Service, 'name' | 'knownAs'>>,
  host: string,
): Promise<string | null> {
  if (services.has(host)) return host;
  const asked = host.toLowerCase();
  for (const service of services.values()) {
    const names = await service.knownAs().catch((): string[] => []);
    if (names.includes(asked)) return service.name;
  }
  return null;
}
