import { dirname, resolve } from 'node:path';
import { composeConfig, type ComposeConfig, type ComposeRun } from './compose.ts';
import { resolvedByCompose } from './project-environment.ts';

/**
 * What Compose made of a run's files. It makes the same of this again, whatever became of those files since
 * and whichever variables it is called with, but for one that a service passes on and that was not set.
 * `environment`: secrets and configs that the user has in variables, by names of Muster's own, as Compose
 * takes them from nowhere else.
 */
export interface Settled {
  config: ComposeConfig;
  environment: Record<string, string>;
}

type FromVariable = { environment?: string };

/**
 * The files of a run and `override`, a file that goes over them, as Compose reads them now; `kept`: the
 * services that are in it. `meanwhile` and errors as of `composeConfig`.
 */
export async function settledOf(
  run: ComposeRun,
  override: string,
  kept: readonly string[],
  meanwhile?: () => void,
): Promise<Settled> {
  const config = await composeConfig(run, { override, meanwhile });
  const services = Object.entries(config.services)
    .filter(([name]) => kept.includes(name))
    .map(([name, service]) => [name, readAgain(service, kept)] as const);
  const { secrets, configs } = config;
  const asked = [secrets, configs].flatMap((all) =>
    Object.values((all ?? {}) as Record<string, FromVariable>).flatMap(
      ({ environment }) => environment ?? [],
    ),
  );
  const values = await valuesOf(run, [...new Set(asked)]);
  const own = new Map(values.map(([name], i) => [name, `MUSTER_COMPOSE_${i}`]));
  const settled: ComposeConfig = { ...config, services: Object.fromEntries(services) };
  if (secrets) settled.secrets = renamed(secrets, own);
  if (configs) settled.configs = renamed(configs, own);
  const environment = values.map(([name, value]) => [own.get(name)!, value]);
  return { config: settled, environment: Object.fromEntries(environment) };
}

/** As a file for Compose, which reads a character that YAML has not as no file at all. */
export const settledText = (config: ComposeConfig): string =>
  JSON.stringify(config, null, 2).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const renamed = <T>(all: Record<string, T>, own: ReadonlyMap<string, string>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(all).map(([key, one]) => {
      const name = own.get((one as FromVariable).environment ?? '');
      return [key, name === undefined ? one : { ...one, environment: name }];
    }),
  );

type Declared = ComposeConfig['services'][string];

/**
 * As Compose reads it again: it writes `-1` as a text, leaves a 0 out of limits, and has names of fields with
 * a capital. Services that are left out are not there.
 */
function readAgain(service: Declared, kept: readonly string[]): Declared {
  const again: Record<string, unknown> = { ...service };
  for (const key of ['memswap_limit', 'mem_swappiness']) if (again[key] === '-1') again[key] = -1;
  const build = again['build'];
  if (hasFields(build) && hasFields(build['ulimits']))
    again['build'] = { ...build, ulimits: eachOf(build['ulimits'], limitAgain) };
  if (hasFields(again['ulimits'])) again['ulimits'] = eachOf(again['ulimits'], limitAgain);
  if (hasFields(again['blkio_config'])) again['blkio_config'] = eachOf(again['blkio_config'], devicesAgain);
  const { depends_on: on } = again;
  if (hasFields(on))
    again['depends_on'] = Object.fromEntries(Object.entries(on).filter(([name]) => kept.includes(name)));
  return again as Declared;
}

type Fields = Record<string, unknown>;
const hasFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const eachOf = (fields: Fields, again: (value: unknown) => unknown): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, again(value)]));

/** `{}` for 0. What no number here holds is as good as no limit. */
const limitAgain = (limit: unknown): unknown =>
  hasFields(limit)
    ? { soft: limitAgain(limit['soft'] ?? 0), hard: limitAgain(limit['hard'] ?? 0) }
    : typeof limit === 'number' && limit > Number.MAX_SAFE_INTEGER
      ? -1
      : limit;

/** `Path`, `Rate`, `Weight` for `path`, `rate`, `weight`. */
const devicesAgain = (setting: unknown): unknown =>
  Array.isArray(setting)
    ? setting.map((device: unknown) =>
        hasFields(device)
          ? Object.fromEntries(Object.entries(device).map(([name, value]) => [name.toLowerCase(), value]))
          : device,
      )
    : setting;

/** Those of the project's `.env` too; without those that say nothing, which Compose itself tells of. */
async function valuesOf(run: ComposeRun, names: string[]): Promise<[string, string][]> {
  if (names.length === 0) return [];
  const environment = { ...process.env, ...run.environment };
  const values = await resolvedByCompose(dirname(resolve(run.file)), names, { environment });
  return Object.entries(values).filter(([, value]) => value !== '');
}
