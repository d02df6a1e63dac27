import type { Inflicted } from '../core/abilities.ts';
import { environmentError } from '../core/errors.ts';
import type { ExecResult, Helper, Service, Shell } from '../core/service.ts';

/** What faults of the storage must know of a service. */
export interface Volume {
  service: Service;
  /** Folder that holds the data. */
  folder: string;
  /**
   * Path of the file of that kind, as it is called now, with nothing of it waiting in memory to be written
   * over damage. Rejects where there is none.
   */
  file(kind: 'data' | 'log'): Promise<string>;
  /**
   * How the process is taken away around damage to a file of that kind so that it cannot mend it: `kill`
   * freezes it first, `stop` has it write what it holds and end.
   */
  restartBy(kind: 'data' | 'log'): 'kill' | 'stop';
  /**
   * Called right before everything on it is lost: how to see at the end of a recovery that nothing is back,
   * where the driver can tell.
   */
  aboutToLose?(): Promise<Pick<Inflicted, 'stillThere'>>;
  /**
   * Whether the server, as it is set up now, would look for a file of that path, seen from a helper. Left out
   * where the driver cannot tell: a file that is not there may then well be one that is called otherwise by
   * now.
   */
  awaits?(path: string, from: Helper): Promise<boolean>;
}

/**
 * Runs work in a helper that sees the volume. Environment error when the data lies on none, which a helper
 * would not see, or is not the drill's own.
 */
export async function besideVolume<T>(
  { service, folder }: Pick<Volume, 'service' | 'folder'>,
  work: (helper: Helper) => Promise<T>,
): Promise<T> {
  const mounted = service.mounts.some(({ path }) => folder === path || folder.startsWith(`${path}/`));
  if (!mounted)
    throw environmentError(`the data of ${service.name} is on no volume`, {
      found: folder,
      expected: `a folder below ${service.mounts.map(({ path }) => path).join(' or ') || 'a named volume'}`,
    });
  await service.assertOwnPath(folder);
  const helper = await service.helper({ network: 'none', volumes: true });
  try {
    return await work(helper);
  } finally {
    await helper.remove();
  }
}

/** Marks every command that changes something: `$0` of its script. */
export const damaging = 'damage';

/** Runs a script that must succeed; arguments are never part of its text. Rejects with what it printed. */
export async function script(
  shell: Shell,
  name: string,
  text: string,
  args: readonly string[],
): Promise<string> {
  const { code, stdout, stderr }: ExecResult = await shell.exec(['sh', '-eu', '-c', text, name, ...args], {
    deadlineMs: 120_000,
  });
  if (code !== 0)
    throw environmentError(`${name} of the volume failed with code ${code}`, {
      found: stderr.trim().slice(-500) || 'no message',
      expected: 'code 0',
    });
  return stdout;
}
