import type { Service } from '../../core/service.ts';
import type { Server } from './server.ts';

/** As whom the server writes its files, and what it leaves out of their permissions. */
export interface Ownership {
  /** `uid:gid`, in numbers. */
  owner: string;
  /** Permissions in octal digits, such as `644`. */
  fileMode: string;
  folderMode: string;
}

const octal = (mode: number): string => mode.toString(8).padStart(3, '0');

/**
 * As the kernel tells it of the server's own process; null where the container cannot be asked (no `cat`,
 * another PID namespace).
 */
export async function ownershipOf(service: Service, server: Server): Promise<Ownership | null> {
  const { process_id: pid } = await server.info('server');
  const asked = await service.exec(['cat', `/proc/${pid}/status`], { deadlineMs: 30_000 }).catch(() => null);
  return asked?.code === 0 ? parseStatus(asked.stdout) : null;
}

/** Effective user, group and umask out of `/proc/<pid>/status`; null where one is missing. */
export function parseStatus(text: string): Ownership | null {
  const field = (pattern: RegExp): string | undefined => pattern.exec(text)?.[1];
  const user = field(/^Uid:\s+\d+\s+(\d+)/m);
  const group = field(/^Gid:\s+\d+\s+(\d+)/m);
  const umask = field(/^Umask:\s+([0-7]+)/m);
  if (user === undefined || group === undefined || umask === undefined) return null;
  const left = ~Number.parseInt(umask, 8);
  return { owner: `${user}:${group}`, fileMode: octal(0o666 & left), folderMode: octal(0o755 & left) };
}
