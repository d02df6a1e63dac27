import {
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  type Dirent,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';

export type HostKind = 'missing' | 'file' | 'folder' | 'socket' | 'device';

/** What lies at a path of this machine, with every link followed. */
export interface HostPath {
  real: string;
  kind: HostKind;
}

/** Entries of a folder that are looked at: a second or two. */
const looksMax = 200_000;

/** Where engines listen. DOCKER_HOST may name another one. */
const engineSockets = [
  '/var/run/docker.sock',
  '/run/docker.sock',
  '/run/podman/podman.sock',
  '/run/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/buildkit/buildkitd.sock',
  '/run/k3s/containerd/containerd.sock',
  '/run/dbus/system_bus_socket',
  '/run/systemd/private',
];

/** Of these and whatever lies below nothing is a user's file. */
const systemTrees = ['/proc', '/sys', '/dev', '/run'];
/** And of these as a whole. */
const systemFolders = [
  '/',
  '/boot',
  '/etc',
  '/home',
  '/root',
  '/usr',
  '/var',
  '/var/lib',
  '/var/lib/docker',
  '/var/lib/containerd',
  '/var/lib/containers',
];

export const isBelow = (path: string, folder: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`);

export function hostPath(path: string): HostPath {
  let real = path;
  let found: Stats;
  try {
    real = realpathSync(path);
    found = statSync(real);
  } catch (error) {
    // One that may not be looked at is there: whoever copies it says so.
    const denied = (error as NodeJS.ErrnoException).code === 'EACCES';
    return { real, kind: denied ? 'folder' : 'missing' };
  }
  if (found.isDirectory()) return { real, kind: 'folder' };
  if (found.isFile()) return { real, kind: 'file' };
  return { real, kind: found.isSocket() ? 'socket' : 'device' };
}

const sockets = (): string[] => {
  const named = /^unix:\/\/(.+)$/.exec(process.env['DOCKER_HOST'] ?? '')?.[1];
  const user = process.env['XDG_RUNTIME_DIR'];
  const all = [...engineSockets, ...(named ? [named] : []), ...(user ? [user] : [])];
  return [...new Set(all.flatMap((each) => [each, hostPath(each).real]))];
};

/**
 * Why a container that has this could reach the host, whatever else is done about it. Null where it could not
 * by itself.
 */
export function systemReach({ real, kind }: HostPath): string | null {
  if (kind === 'socket') return `the socket ${real}`;
  if (kind === 'device') return `${real}, which is no file and no folder`;
  if (systemFolders.includes(real)) return `${real} of the host as a whole`;
  const tree = systemTrees.find((each) => isBelow(real, each));
  if (tree) return `${real}, of the host's ${tree}`;
  const socket = sockets().find((each) => isBelow(each, real));
  return socket ? `${real}, with the engine's or the system's ${socket}` : null;
}

/** Why a folder could be reached through although it is mounted read-only. */
export function readOnlyReach({ real, kind }: HostPath): string | null {
  if (kind !== 'folder') return null;
  // The engine mounts what is mounted below as well, and that stays writable.
  const below = mountPoints().find((each) => each !== real && isBelow(each, real));
  if (below) return `${below} is mounted below it, and read-only does not reach that far`;
  const socket = socketIn(real);
  return socket
    ? `it holds the socket ${socket}, and read-only does not keep anybody from speaking to it`
    : null;
}

/** Fifth field of proc_pid_mountinfo(5), with its octal escapes. */
function mountPoints(): string[] {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .flatMap((line) => {
        const field = line.split(' ')[4];
        return field === undefined
          ? []
          : [
              field.replace(/\\([0-7]{3})/g, (_, code: string) =>
                String.fromCharCode(Number.parseInt(code, 8)),
              ),
            ];
      });
  } catch {
    return [];
  }
}

function socketIn(folder: string): string | null {
  const left = [folder];
  let looks = 0;
  for (let at = left.pop(); at !== undefined && looks < looksMax; at = left.pop()) {
    for (const entry of entriesOf(at)) {
      looks += 1;
      if (entry.isSocket()) return join(at, entry.name);
      if (entry.isDirectory()) left.push(join(at, entry.name));
    }
  }
  return null;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

export interface Size {
  bytes: number;
  entries: number;
}

/** What a copy of it would hold. Stops, with what it has seen, once that is more than `limit` bytes. */
export function sizeOf(path: string, limit: number): Size {
  const first = lstatSync(path);
  if (!first.isDirectory()) return { bytes: first.size, entries: 1 };
  const size = { bytes: 0, entries: 0 };
  const left = [path];
  for (let at = left.pop(); at !== undefined && size.bytes <= limit; at = left.pop()) {
    for (const entry of entriesOf(at)) {
      size.entries += 1;
      if (entry.isDirectory()) left.push(join(at, entry.name));
      else if (entry.isFile()) size.bytes += lstatSync(join(at, entry.name)).size;
    }
  }
  return size;
}
