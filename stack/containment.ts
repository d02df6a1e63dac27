import { InputErrors, inputError, type MusterError, type Place } from '../core/errors.ts';
import type { Containment, HostRules } from '../core/stack.ts';
import { formatBytes } from '../core/units.ts';
import type { ComposeConfig } from './compose.ts';
import { namesElsewhere } from './host-names.ts';
import { hostPath, readOnlyReach, sizeOf, systemReach } from './host-path.ts';
import { hostMounts, isNamed, lineOf, type HostMount } from './mounts.ts';
import { reachOf } from './reach.ts';

/** What a drill copies at most of one thing on the host. */
export const copyLimitBytes = 256 * 1024 ** 2;

/** Finds where something of a service stands in the user's file. */
export type PlaceOf = (service: string, path: readonly (string | number)[]) => Place;

export interface Contained extends Omit<Containment, 'volumes' | 'moved' | 'images'> {
  mounts: HostMount[];
}

export const noRules: HostRules = { dataFolders: {}, mounts: {}, access: {} };

/**
 * Classifies all that the services of a resolved compose file would have of the host, and decides what a
 * drill gives them instead. Throws input errors, each with its place, for whatever could reach the host and
 * that the strategy does not allow.
 */
export function contain(config: ComposeConfig, file: string, rules: HostRules, placeOf: PlaceOf): Contained {
  const allowed = (service: string): string | undefined => rules.access[service];
  const mounts = hostMounts(config, file, rules);
  const problems: MusterError[] = [];
  const lines = mounts.map(lineOf);
  lines.push(...namesElsewhere(config));
  const told = new Map<string, string[]>();
  const reached = (service: string, path: readonly (string | number)[], what: string): void => {
    if (allowed(service) === undefined) problems.push(refusal(service, what, placeOf(service, path)));
    else told.set(service, [...(told.get(service) ?? []), what]);
  };
  for (const { service, path, what } of reachOf(config)) reached(service, path, what);
  for (const mount of mounts) {
    if (mount.reach)
      for (const { service, index } of mount.uses) reached(service, ['volumes', index], mount.reach);
    problems.push(...impossible(mount, placeOf));
  }
  for (const { service, path, what } of filesOf(config)) reached(service, path, what);
  if (problems.length > 0) throw problems.length === 1 ? problems[0]! : new InputErrors(problems);
  for (const [service, what] of told)
    lines.push(`${service} may reach the host by ${what.join(', ')}: ${allowed(service)}`);
  const unknown = Object.keys(rules.mounts).filter(
    (key) => !mounts.some((mount) => isNamed(mount, key, file)),
  );
  return { mounts, lines, names: mounts.map(({ name }) => name), unknown };
}

const refusal = (service: string, what: string, at: Place): MusterError =>
  inputError(`${service} could reach the host`, {
    at,
    found: what,
    expected: 'a service that has nothing of the host',
    hint: `take it away in a compose file for drills; or say why it is needed: hostAccess: { ${service}: "reason" } in the strategy`,
  });

function impossible(mount: HostMount, placeOf: PlaceOf): MusterError[] {
  const { service, index } = mount.uses[0]!;
  const refuse = (
    message: string,
    options: { found?: string; expected?: string; hint?: string },
  ): MusterError[] => [inputError(message, { at: placeOf(service, ['volumes', index]), ...options })];
  if (mount.deal === 'refuse')
    return refuse(`${mount.name} is not to be had in a drill`, {
      found: 'mounts: refuse in the strategy',
      expected: 'a compose file without it',
    });
  // How much is in it is seen when it is copied: looking would mean to mount it.
  if (mount.deal !== 'copy' || mount.kind === 'volume') return [];
  if (mount.path === null)
    return refuse(`${mount.name} cannot be copied: it is on no disk of this machine`, {
      hint: `mounts: { ${JSON.stringify(mount.name)}: empty }`,
    });
  if (mount.kind === 'missing')
    return refuse(`${mount.name} cannot be copied: it is not there`, { found: mount.path });
  const { bytes } = sizeOf(mount.path, copyLimitBytes);
  if (bytes <= copyLimitBytes) return [];
  return refuse(`${mount.name} is too large to be copied for a drill`, {
    found: `more than ${formatBytes(copyLimitBytes)}`,
    expected: `at most ${formatBytes(copyLimitBytes)}`,
    hint: `mounts: { ${JSON.stringify(mount.name)}: empty } in the strategy, or a compose file for drills with a smaller folder`,
  });
}

/** Configs and secrets are mounted read-only, from whatever file they name. */
function filesOf(config: ComposeConfig): { service: string; path: (string | number)[]; what: string }[] {
  return Object.entries(config.services).flatMap(([service, declared]) =>
    (['configs', 'secrets'] as const).flatMap((kind) =>
      ((declared[kind] ?? []) as { source?: string }[]).flatMap(({ source }, i) => {
        const file = config[kind]?.[source ?? '']?.file;
        const what = file === undefined ? null : reachOfFile(file);
        return what ? [{ service, path: [kind, i], what }] : [];
      }),
    ),
  );
}

const reachOfFile = (file: string): string | null => {
  const { real, kind } = hostPath(file);
  return systemReach({ real, kind }) ?? readOnlyReach({ real, kind });
};
