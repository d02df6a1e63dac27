import { environmentError } from '../core/errors.ts';
import type { DataFolder } from '../core/fault.ts';
import type { ExecResult, Helper, Shell } from '../core/service.ts';

/**
 * Runs work in a helper that sees the volume. Environment error when the data lies on none, which a helper
 * would not see, or is not the drill's own.
 */
export async function besideVolume<T>(
  { service, folder }: Pick<DataFolder, 'service' | 'folder'>,
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
export const script = (shell: Shell, name: string, text: string, args: readonly string[]): Promise<string> =>
  succeeding(shell, name, text, args, `${name} of the volume failed`);

async function succeeding(
  shell: Shell,
  name: string,
  text: string,
  args: readonly string[],
  failure: string,
): Promise<string> {
  const { code, stdout, stderr }: ExecResult = await shell.exec(['sh', '-eu', '-c', text, name, ...args], {
    deadlineMs: 120_000,
  });
  if (code !== 0)
    throw environmentError(`${failure} with code ${code}`, {
      found: stderr.trim().slice(-500) || 'no message',
      expected: 'code 0',
    });
  return stdout;
}

const emptying =
  'said=$(find "$1" -mindepth 1 -delete 2>&1) && exit 0; left=$(find "$1" -mindepth 1 ! -type d) && test -z "$left" || { echo "$said" >&2; exit 1; }';

/**
 * Deletes what is in a folder. A folder that a further volume is mounted on stays, and so do those on the way
 * to it; nothing is in them. Rejects with what `find` printed where a file is left, or nobody can tell.
 */
export const emptyFolder = (shell: Shell, folder: string): Promise<string> =>
  succeeding(shell, damaging, emptying, [folder], `${folder} cannot be emptied: \`find\` ended`);
