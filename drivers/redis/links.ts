import { messageOf } from '../../core/errors.ts';
import type { Shell } from '../../core/service.ts';

const removeMs = 30_000;

/**
 * Names of Muster's own in the data folder, for as long as a backup takes: they hold on to what the server
 * would have given free.
 */
export interface Links {
  /** Never rejects: of a server that is frozen nothing can be removed, and whoever comes next does it. */
  remove(shell: Shell, path: string): Promise<void>;
  /** Removes what could not be removed before. */
  removeLeft(shell: Shell): Promise<void>;
}

export function linksIn(what: string, note: (text: string) => void): Links {
  const left = new Set<string>();
  const removed = async (shell: Shell, paths: readonly string[]): Promise<string | null> => {
    try {
      const { code, stderr } = await shell.exec(['rm', '-rf', '--', ...paths], { deadlineMs: removeMs });
      return code === 0 ? null : stderr.trim() || `code ${code}`;
    } catch (error) {
      return messageOf(error);
    }
  };
  return {
    remove: async (shell, path) => {
      const why = await removed(shell, [path]);
      if (why === null) return;
      left.add(path);
      note(`${path} of ${what}, which a backup laid there, is not yet removed: ${why}`);
    },
    removeLeft: async (shell) => {
      const paths = [...left];
      if (paths.length > 0 && (await removed(shell, paths)) === null)
        for (const path of paths) left.delete(path);
    },
  };
}
