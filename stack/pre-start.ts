import { isDeepStrictEqual } from 'node:util';

type Value = Record<string, unknown>;
type Found = [(string | number)[], string][];

/** Keys of a hook that reach no further than its own process, and hold less where they hold anything. */
const harmless = new Set([
  'image',
  'command',
  'entrypoint',
  'user',
  'working_dir',
  'environment',
  // The service's own; what is read from it stands in `environment`.
  'env_file',
  'per_replica',
  'init',
  'read_only',
  'cap_drop',
  'tmpfs',
  'hostname',
  'platform',
  'stop_signal',
  'stop_grace_period',
  'mem_limit',
  'mem_reservation',
  'cpus',
  'pids_limit',
]);

/**
 * What `pre_start` hooks of a service could reach the host by. Compose makes a container of each (from 5.3
 * on), which has all that the service has, and (from 5.6 on) whatever a service may have of its own beside
 * it: nothing but a command, its image and its environment is let through. Mounts of the service are had by
 * `volumes_from`, and those that a hook declares are its own.
 */
export function preStartReach(service: Value): Found {
  const hooks = service['pre_start'];
  return (Array.isArray(hooks) ? (hooks as unknown[]) : []).flatMap((hook, i): Found => {
    const at = ['pre_start', i];
    const declared = Object.entries((hook ?? {}) as Value);
    const own = declared
      .filter(([key, value]) => !harmless.has(key) && !isNothing(value))
      .filter(([key, value]) => key === 'volumes' || !isInherited(value, service[key]))
      .map(([key]) => key);
    if (own.includes('privileged')) return [[at, 'a privileged pre_start hook']];
    return own.length === 0 ? [] : [[at, `a pre_start hook with ${own.join(', ')} of its own`]];
  });
}

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** Whether the service has all of it. */
function isInherited(value: unknown, of: unknown): boolean {
  if (isDeepStrictEqual(value, of)) return true;
  if (Array.isArray(value) && Array.isArray(of))
    return value.every((one) => of.some((other) => isDeepStrictEqual(one, other)));
  if (!isMap(value) || !isMap(of)) return false;
  return Object.entries(value).every(([key, one]) => isDeepStrictEqual(one, of[key]));
}
const isMap = (value: unknown): value is Value =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
