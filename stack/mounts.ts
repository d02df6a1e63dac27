import { dirname, isAbsolute, relative, resolve } from 'node:path';
import type { HostRules } from '../core/stack.ts';
import type { ComposeConfig } from './compose.ts';
import { hostPath, isBelow, readOnlyReach, systemReach, type HostKind } from './host-path.ts';
import { volumeKind } from './volume-options.ts';

/**
 * One use of something of the host by a service. `index`: of the service's mounts as Compose resolves them.
 */
export interface MountUse {
  service: string;
  index: number;
  target: string;
  writable: boolean;
  subpath?: string;
}

/**
 * Something outside the drill that services have mounted, and what a drill gives them instead: `empty` and
 * `copy` are a volume of its own, `keep` is the thing itself and read-only.
 */
export interface HostMount {
  /** As a reader of the compose file knows it: `./uploads`, or the name of a volume. */
  name: string;
  /** Path on this machine; null for what is not on it. */
  path: string | null;
  /** `volume`: one of the engine's own that is not the drill's, and that the strategy names. */
  kind: HostKind | 'remote' | 'volume';
  /** Of such a volume the name that the engine has it by. */
  volume?: string;
  uses: MountUse[];
  deal: 'empty' | 'copy' | 'read-only' | 'refuse';
  why: string;
  /** Why a container with it could reach the host. */
  reach: string | null;
}

interface Volume {
  type: string;
  source?: string;
  target: string;
  read_only?: boolean;
  volume?: { subpath?: string };
}
type Found = Pick<HostMount, 'name' | 'path' | 'kind' | 'volume'>;

/**
 * Every mount of a resolved compose file that is not the engine's own volume, with what is done about it.
 * `file`: what paths are relative to.
 */
export function hostMounts(config: ComposeConfig, file: string, rules: HostRules): HostMount[] {
  const folder = dirname(resolve(file));
  const found = new Map<string, Found & { uses: MountUse[] }>();
  const take = (id: string, what: Found, use: MountUse): void => {
    const there = found.get(id) ?? { ...what, uses: [] };
    there.uses.push(use);
    found.set(id, there);
  };
  for (const [service, { volumes = [] }] of Object.entries(config.services)) {
    (volumes as Volume[]).forEach((mount, index) => {
      const writable = mount.read_only !== true;
      const use = {
        service,
        index,
        target: mount.target,
        writable,
        ...(mount.volume?.subpath ? { subpath: mount.volume.subpath } : {}),
      };
      const what = whatOf(config, folder, mount, rules);
      if (what) take(what.path ?? what.name, what, use);
    });
  }
  return [...found.values()].map((mount) => decided(mount, folder, rules));
}

/** Null for what the engine makes for the drill alone: volumes on its own disk, in memory, of an image. */
function whatOf(
  config: ComposeConfig,
  folder: string,
  { type, source, target }: Volume,
  rules: HostRules,
): Found | null {
  if (type === 'tmpfs' || type === 'image' || (type === 'volume' && !source)) return null;
  if (type === 'volume') return externalNamed(config, source!, rules) ?? volumeOf(config, folder, source!);
  if (type !== 'bind' || !source) return { name: source ?? target, path: null, kind: 'remote' };
  return onHost(nameOf(source, folder), source);
}

/** An external volume that the strategy names, by its key or its own name; else a drill has an empty one. */
function externalNamed({ volumes }: ComposeConfig, key: string, { mounts }: HostRules): Found | null {
  const { external, name = key } = volumes?.[key] ?? {};
  if (!external || !(Object.hasOwn(mounts, key) || Object.hasOwn(mounts, name))) return null;
  return { name: Object.hasOwn(mounts, key) ? key : name, path: null, kind: 'volume', volume: name };
}

function volumeOf(config: ComposeConfig, folder: string, name: string): Found | null {
  const { driver, driver_opts: options = {} } = config.volumes?.[name] ?? {};
  if (driver !== undefined && driver !== 'local') return { name, path: null, kind: 'remote' };
  const kind = volumeKind(options);
  if (kind === 'own' || kind === 'memory') return null;
  if (kind === 'folder') return onHost(name, resolve(folder, String(options['device'] ?? '')));
  return { name, path: null, kind: 'remote' };
}

function onHost(name: string, source: string): Found {
  const { real, kind } = hostPath(source);
  return { name, path: real, kind };
}

function nameOf(source: string, folder: string): string {
  const short = relative(folder, source);
  return short === '' ? '.' : short.startsWith('..') || isAbsolute(short) ? source : `./${short}`;
}

/**
 * What a key under `mounts` of the strategy stands for: a volume's name, or a path as in the compose file.
 */
export const isNamed = (mount: HostMount, key: string, file: string): boolean => {
  const home = process.env['HOME'];
  const path = home !== undefined && /^~(\/|$)/.test(key) ? key.replace('~', home) : key;
  return (
    mount.name === key ||
    (mount.path !== null && hostPath(resolve(dirname(resolve(file)), path)).real === mount.path)
  );
};

function decided(found: Found & { uses: MountUse[] }, folder: string, rules: HostRules): HostMount {
  const file = resolve(folder, 'compose.yml');
  const asked = Object.entries(rules.mounts).find(([key]) =>
    isNamed({ ...found, deal: 'read-only', why: '', reach: null }, key, file),
  )?.[1];
  const writable = found.uses.some((use) => use.writable);
  const isData = found.uses.some((use) => use.writable && holdsData(use, rules));
  const path = found.path === null ? null : { real: found.path, kind: found.kind as HostKind };
  const system = path && systemReach(path);
  if (asked && !(path && ['socket', 'device'].includes(path.kind)))
    return { ...found, deal: asked, why: 'as the strategy says', reach: null };
  if (system) return { ...found, deal: 'read-only', why: '', reach: system };
  if (found.kind === 'remote' || found.kind === 'volume')
    return { ...found, deal: 'empty', why: "it is on no disk of the engine's own", reach: null };
  if (found.kind === 'missing')
    return { ...found, deal: 'empty', why: 'it is not there, and a drill does not make it', reach: null };
  if (isData) return { ...found, deal: 'empty', why: 'a component keeps its data there', reach: null };
  if (writable) return { ...found, deal: 'copy', why: 'services may write to it', reach: null };
  return { ...found, deal: 'read-only', why: 'services read it only', reach: path && readOnlyReach(path) };
}

const holdsData = ({ service, target }: MountUse, { dataFolders }: HostRules): boolean =>
  (dataFolders[service] ?? []).some((folder) => isBelow(target, folder) || isBelow(folder, target));

const dealt: Record<HostMount['deal'], string> = {
  empty: "an empty volume of the drill's own instead",
  copy: "a copy in a volume of the drill's own instead",
  'read-only': 'as it is, read-only',
  refuse: 'refused',
};

/**
 * `./redis-data of redis at /data: an empty volume of the drill's own instead (a component keeps its data
 * there)`.
 */
export function lineOf({ name, uses, deal, why }: HostMount): string {
  const places = uses.map(({ service, target }) => `${service} at ${target}`);
  return `${name} of ${places.join(', ')}: ${dealt[deal]} (${why})`;
}

/** A line for each volume that the engine makes for the drill alone, and for nobody else before it. */
export function ownVolumeLines(config: ComposeConfig, file: string, rules: HostRules): string[] {
  const folder = dirname(resolve(file));
  const places = new Map<string, string[]>();
  for (const [service, { volumes = [] }] of Object.entries(config.services)) {
    for (const mount of volumes as Volume[]) {
      const { external } = config.volumes?.[mount.source ?? ''] ?? {};
      if (mount.type !== 'volume' || external || whatOf(config, folder, mount, rules)) continue;
      const volume = mount.source ? `volume ${mount.source}` : 'a volume without a name';
      places.set(volume, [...(places.get(volume) ?? []), `${service} at ${mount.target}`]);
    }
  }
  return [...places].map(([volume, at]) => `${volume} of ${at.join(', ')}: ${ownVolume}`);
}

const ownVolume = "the drill's own, empty when it begins";
