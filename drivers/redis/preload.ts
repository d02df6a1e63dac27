import { environmentError } from '../../core/errors.ts';
import type { Shell } from '../../core/service.ts';
import { keysRead } from './rdb-format.ts';
import type { Persistence } from './server.ts';
import type { Product } from './product.ts';
import type { RedisSite } from './site.ts';
import { script } from './transfer.ts';

/**
 * The robust order of loading a snapshot where the append-only file is on: a server of our own, without
 * network and without that file, loads it; only then is the file switched on and written. Each wait asks the
 * server; none is a guess.
 */
const preloadScript = ({ server, cli, checkRdb }: Product['programs']): string => `
dir="$1"; manifest="$1/$3/$4.manifest"; base="$1/$3/$4.1.base.rdb"; socket=/tmp/muster-preload.sock; log=/tmp/muster-preload.log
conf=/tmp/muster-preload.conf
printf '%s\\n' "$5" > "$conf"
set -- "$conf" --port 0 --unixsocket "$socket" --dir "$dir" --dbfilename "$2" --appenddirname "$3" --appendfilename "$4" \\
  --appendonly no --save '' --daemonize no --logfile "$log"
rm -f "$socket" "$log"
${server} "$@" &
server=$!
cli() { ${cli} -s "$socket" "$@"; }
field() { cli info "\${2:-persistence}" | tr -d '\\r' | sed -n "s/^$1://p"; }
give_up() { tail -n 5 "$log" >&2; kill -9 "$server" 2>/dev/null || :; exit 1; }
until [ "$(cli ping 2>/dev/null)" = PONG ]; do kill -0 "$server" 2>/dev/null || give_up; sleep 0.02; done
echo "loaded=$(field rdb_last_load_keys_loaded) expired=$(field rdb_last_load_keys_expired)"
[ "$(cli config set appendonly yes)" = OK ] || give_up
until [ "$(field aof_rewrite_in_progress)$(field aof_rewrite_scheduled)" = 00 ]; do kill -0 "$server" 2>/dev/null || give_up; sleep 0.02; done
[ "$(field aof_last_bgrewrite_status)$(field aof_enabled)" = ok1 ] || give_up
echo "due=$(field expired_keys stats)"
cli shutdown nosave 2>/dev/null || :
wait "$server"
test -s "$manifest"
${checkRdb} "$base"`;

/**
 * Keys: those loaded, those left out because their time had come, those whose time came after that, and those
 * written.
 */
export interface Preloaded {
  loaded: number;
  expired: number;
  due: number;
  written: number;
}

/** As a word of a configuration file, whatever is in it. */
const quoted = (text: string): string =>
  `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;

/** By which the loading server takes what the service would: as many databases, the same modules. */
export const loadingConfiguration = ({ databases, modules }: Persistence): string =>
  [
    `databases ${databases}`,
    ...modules.map(({ path, args }) => `loadmodule ${[path, ...args].map(quoted).join(' ')}`),
  ].join('\n');

/** Throws where a module that the service has loaded is neither in its image nor on a volume. */
export async function assertModules(shell: Shell, { modules }: Persistence): Promise<void> {
  const lacking: string[] = [];
  for (const { path } of modules) if ((await shell.exec(['test', '-r', path])).code !== 0) lacking.push(path);
  if (lacking.length > 0)
    throw environmentError('a module that the service has loaded is not in its image', {
      found: `nothing at ${lacking.join(', ')}`,
      expected: 'its file in the image, or on a volume',
      hint: 'Nothing was changed. With order base, the service itself loads the snapshot.',
    });
}

/**
 * Loads the snapshot in `dir` and leaves an append-only file beside it that holds the same, but for keys
 * whose time has come.
 */
export async function preload(
  shell: Shell,
  dir: string,
  { product, persistence }: Pick<RedisSite, 'product' | 'persistence'>,
  signal: AbortSignal,
): Promise<Preloaded> {
  const { dbfilename, appenddirname, appendfilename } = persistence;
  const args = [dir, dbfilename, appenddirname, appendfilename, loadingConfiguration(persistence)];
  const { stdout } = await script(
    shell,
    'the snapshot could not be loaded; nothing was changed',
    preloadScript(product.programs),
    args,
    { signal },
  );
  const match = /loaded=(\d+) expired=(\d+)\s+due=(\d+)/.exec(stdout);
  if (!match)
    throw environmentError('the loading server does not say what it loaded', { found: stdout.slice(-200) });
  return {
    loaded: Number(match[1]),
    expired: Number(match[2]),
    due: Number(match[3]),
    written: keysRead(stdout),
  };
}

/**
 * What the service must load, of a snapshot with `keys` keys. Throws where one is missing whose time had not
 * come.
 */
export function assertPreloaded(
  keys: number,
  { loaded, expired, due, written }: Preloaded,
): { keys: number; expired: number } {
  const hint = 'Nothing was changed.';
  if (loaded + expired !== keys)
    throw environmentError('not every key of the snapshot could be loaded', {
      found: `${loaded} loaded, ${expired} expired`,
      expected: `${keys} keys`,
      hint,
    });
  // A key whose time came after it was loaded is in what was written, or gone by then.
  if (written > loaded || written + due < loaded)
    throw environmentError('not every key that was loaded was written', {
      found: `${written} written, ${due} expired meanwhile`,
      expected: `${loaded} keys`,
      hint,
    });
  return { keys: written, expired: keys - written };
}
