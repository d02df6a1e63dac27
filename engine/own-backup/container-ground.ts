import { createReadStream } from 'node:fs';
import { dirname } from 'node:path/posix';
import { Readable } from 'node:stream';
import { environmentError } from '../../core/errors.ts';
import type { ExecOptions, Shell } from '../../core/service.ts';
import { inOrder, nameOf, patternsIn, type Found, type Ground, type Pattern } from './ground.ts';

const quickMs = 60_000;

/**
 * What a pattern means stays, `[^…]` as every shell writes it; whatever else a shell would read in it is
 * quoted, and all of the folder that it is for.
 */
function quoted({ base, below }: Pattern): string {
  const folder = base.replace(/[^\w/.-]/g, (one) => `\\${one}`);
  const names = below.replace(/\[[!^]|[^\w*?[\]/.-]/g, (one) => (one.length > 1 ? '[!' : `\\${one}`));
  return `${folder === '/' ? '' : folder}/${names}`;
}

/** A folder in a container: in its own layer, and gone when the script was looked after. */
export async function containerGround(
  shell: Shell,
  name: string,
  folder: string,
  patterns: readonly string[],
): Promise<Ground> {
  const mark = `${folder}.begun`;
  const placed = patternsIn(folder, patterns);
  const run = runnerOf(shell, name);
  await run(['sh', '-c', 'rm -rf "$1" && mkdir -p -m 700 "$1" && : > "$2"', 'sh', folder, mark]);
  return {
    folder,
    ...filesIn(shell, name, placed),
    watch: (act) => {
      const all = placed.map(quoted).join(' ');
      const watching = async (): Promise<void> => {
        const { stdout } = await shell.exec(['sh', '-c', waiting(all), 'sh', mark]);
        if (stdout.includes('begun')) await act();
      };
      const watched = watching();
      watched.catch(() => undefined);
      return {
        end: async () => {
          await run(['rm', '-f', mark]).catch(() => undefined);
          // A container that went away meanwhile is told of by whoever works in it.
          await watched.catch(() => undefined);
        },
      };
    },
    put: async (file) => {
      const to = `${folder}/${file.name}`;
      const fill = 'mkdir -p "$1" && cat > "$2"';
      const stdin = createReadStream(file.path);
      // As long as it takes: what it is done for has a deadline.
      const { code, stderr } = await shell.exec(['sh', '-c', fill, 'sh', dirname(to), to], { stdin });
      if (code === 0) return to;
      throw environmentError(`${file.name} cannot be put into ${name}`, { found: stderr.trim() });
    },
    remove: async () => void (await run(['rm', '-rf', folder, mark])),
  };
}

/** Files in a container that match, and what is in them. Nothing is written there. */
export function filesIn(
  shell: Shell,
  name: string,
  placed: readonly Pattern[],
): Pick<Ground, 'list' | 'read'> {
  const run = runnerOf(shell, name);
  return {
    list: async () => {
      const found: Found[] = [];
      for (const one of placed) found.push(...foundBy(one, await run(['sh', '-c', listing(one)])));
      return inOrder(found);
    },
    read: ({ path }) => Readable.from(contentOf(shell, path)),
  };
}

const runnerOf =
  (shell: Shell, name: string) =>
  async (argv: string[], options: ExecOptions = {}): Promise<string> => {
    const { code, stdout, stderr } = await shell.exec(argv, { deadlineMs: quickMs, ...options });
    if (code === 0) return stdout;
    throw environmentError(`${name} cannot be looked at`, {
      found: stderr.trim() || `${argv[0]} ended with ${code}`,
      expected: 'a shell, and room for files, in the container',
    });
  };

/** Of each file that is no link: size, inode and time of its last change, and its path. */
const listing = (pattern: Pattern): string =>
  `command -v stat >/dev/null || exit 127; for f in ${quoted(pattern)}; do if [ -f "$f" ] && [ ! -L "$f" ]; then stat -c '%s %i %y|%n' "$f" || :; fi; done`;

function foundBy(pattern: Pattern, listed: string): Found[] {
  return listed.split('\n').flatMap((line) => {
    const [, state, bytes, path] = /^((\d+) [^|]*)\|(.+)$/.exec(line) ?? [];
    if (path === undefined) return [];
    return [{ name: nameOf(path, pattern), path, bytes: Number(bytes), state: state! }];
  });
}

/** Ends when something new has a first byte, or the mark was taken away. */
const waiting = (patterns: string): string =>
  `while [ -e "$1" ]; do for f in ${patterns}; do if [ -s "$f" ] && [ "$f" -nt "$1" ]; then echo begun; exit; fi; done; sleep 0.05; done`;

async function* contentOf(shell: Shell, path: string): AsyncGenerator<Buffer> {
  const running = await shell.spawn(['cat', path]);
  running.stdin.end();
  for await (const chunk of running.stdout) yield chunk as Buffer;
  const { code, stderr } = await running.done;
  if (code !== 0)
    throw environmentError(`${path} cannot be read`, { found: stderr.trim() || `code ${code}` });
}
