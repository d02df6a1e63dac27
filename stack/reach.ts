import type { ComposeConfig } from './compose.ts';
import { hostNames } from './host-names.ts';
import { preStartReach } from './pre-start.ts';

/** Something by which a service could reach the host. `path`: below the service in the compose file. */
export interface Reach {
  service: string;
  path: (string | number)[];
  what: string;
}

type Value = Record<string, unknown>;

/** Those that act on the container's own files, processes, memory and network only. */
const harmlessCapabilities = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'NET_RAW',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
  'IPC_LOCK',
  'IPC_OWNER',
  'LEASE',
  'NET_ADMIN',
  'NET_BROADCAST',
  'SYS_NICE',
  'SYS_RESOURCE',
]);

/** Logs that stay with the container. */
const ownLogs = new Set(['json-file', 'local', 'none', '']);

/** Keys that share a namespace with the host, or with a container that is not the drill's. */
const namespaces = ['network_mode', 'pid', 'ipc', 'uts', 'userns_mode', 'cgroup'];

/**
 * Everything beside mounts by which the services of a resolved compose file could reach the host. Empty when
 * nothing could.
 */
export const reachOf = (config: ComposeConfig): Reach[] => [
  ...Object.entries(config.services).flatMap(([service, declared]) => {
    const value = declared as Value;
    const found: [(string | number)[], string][] = [
      ...switches(value),
      ...shared(value),
      ...devices(value),
      ...privileges(value),
      ...outside(value),
      ...building(value),
      ...preStartReach(value),
      ...models(value),
    ];
    return found.map(([path, what]) => ({ service, path, what }));
  }),
  ...hostNames(config),
];

type Found = [(string | number)[], string][];

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const record = (value: unknown): Value =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Value) : {};

const isOn = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== 'false';

function switches(service: Value): Found {
  const hooks = ['post_start', 'pre_stop'].flatMap((key) =>
    list(service[key]).flatMap(
      (hook, i): Found => (isOn(record(hook)['privileged']) ? [[[key, i], `a privileged ${key} hook`]] : []),
    ),
  );
  return [
    ...(isOn(service['privileged']) ? [[['privileged'], 'privileged'] as Found[number]] : []),
    ...(isOn(service['use_api_socket'])
      ? [[['use_api_socket'], "the engine's own socket"] as Found[number]]
      : []),
    ...(isOn(service['provider'])
      ? [[['provider'], 'a program on this machine in place of a container'] as Found[number]]
      : []),
    ...hooks,
  ];
}

const shared = (service: Value): Found =>
  namespaces.flatMap((key): Found => {
    const value = service[key];
    if (typeof value !== 'string') return [];
    if (value === 'host') return [[[key], `${key}: host`]];
    if (value.startsWith('container:'))
      return [[[key], `${key}: ${value}, a container that is not the drill's`]];
    return key === 'network_mode' && value !== 'none' && !value.startsWith('service:')
      ? [[[key], `${key}: ${value}, a network that is not the drill's`]]
      : [];
  });

function devices(service: Value): Found {
  const named = list(service['devices']).map((each, i): Found[number] => {
    const source = typeof each === 'string' ? each.split(':')[0]! : String(record(each)['source']);
    return [['devices', i], `device ${source}`];
  });
  const rules = list(service['device_cgroup_rules']).map((each, i): Found[number] => [
    ['device_cgroup_rules', i],
    `devices ${String(each)}`,
  ]);
  const reserved = record(record(record(service['deploy'])['resources'])['reservations']);
  const gpus = isOn(service['gpus']) ? [[['gpus'], "the host's GPUs"] as Found[number]] : [];
  const reservations = list(reserved['devices']).map((_, i): Found[number] => [
    ['deploy', 'resources', 'reservations', 'devices', i],
    'a device of the host',
  ]);
  return [...named, ...rules, ...gpus, ...reservations];
}

function privileges(service: Value): Found {
  const added = list(service['cap_add']).flatMap((each, i): Found => {
    const name = String(each).toUpperCase().replace(/^CAP_/, '');
    return harmlessCapabilities.has(name) ? [] : [[['cap_add', i], `capability ${name}`]];
  });
  const loosened = list(service['security_opt']).flatMap(
    (each, i): Found =>
      isTight(String(each)) ? [] : [[['security_opt', i], `security_opt ${String(each)}`]],
  );
  return [...added, ...loosened];
}

/** What only takes away, and labels. A profile of the user's own may allow anything. */
const isTight = (option: string): boolean =>
  /^(no-new-privileges([:=]true)?|label[:=](user|role|type|level):.*|apparmor[:=]docker-default)$/.test(
    option,
  );

function outside(service: Value): Found {
  const from = list(service['volumes_from']).flatMap(
    (each, i): Found =>
      String(each).startsWith('container:')
        ? [[['volumes_from', i], `the mounts of ${String(each)}, which is not the drill's`]]
        : [],
  );
  const links = list(service['external_links']).map((each, i): Found[number] => [
    ['external_links', i],
    `${String(each)}, a container that is not the drill's`,
  ]);
  const driver = String(record(service['logging'])['driver'] ?? '');
  return [
    ...from,
    ...links,
    ...(ownLogs.has(driver)
      ? []
      : [[['logging', 'driver'], `logs of the drill into ${driver}`] as Found[number]]),
  ];
}

function building(service: Value): Found {
  const build = record(service['build']);
  const host =
    build['network'] === 'host'
      ? [[['build', 'network'], "a build on the host's network"] as Found[number]]
      : [];
  const privileged = isOn(build['privileged'])
    ? [[['build', 'privileged'], 'a privileged build'] as Found[number]]
    : [];
  const entitled = list(build['entitlements']).map((each, i): Found[number] => [
    ['build', 'entitlements', i],
    `a build with ${String(each)}`,
  ]);
  return [...host, ...privileged, ...entitled];
}

const modelRunner = 'a model that a program on this machine pulls and runs';
const models = (service: Value): Found =>
  Object.keys(record(service['models'])).length > 0 || list(service['models']).length > 0
    ? [[['models'], modelRunner]]
    : [];
