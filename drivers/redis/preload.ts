import { environmentError } from '../../core/errors.ts';
import type { Shell } from '../../core/service.ts';
import type { Persistence } from './server.ts';
import { script } from './transfer.ts';

/**
 * The robust order of loading a snapshot where the append-only file is on: a server of our own, without network and without that
 * file, loads it; only then is the file switched on and written. Each wait asks the server; none is a guess.
 */
const preloadScript = `
dir="$1"; manifest="$1/$3/$4.manifest"; socket=/tmp/muster-preload.sock; log=/tmp/muster-preload.log
set -- --port 0 --unixsocket "$socket" --dir "$dir" --dbfilename "$2" --appenddirname "$3" --appendfilename "$4" \\
  --appendonly no --save '' --daemonize no --logfile "$log" $5
rm -f "$socket" "$log"
redis-server "$@" &
server=$!
cli() { redis-cli -s "$socket" "$@"; }
field() { cli info persistence | tr -d '\\r' | sed -n "s/^$1://p"; }
give_up() { tail -n 5 "$log" >&2; kill -9 "$server" 2>/dev/null || :; exit 1; }
until [ "$(cli ping 2>/dev/null)" = PONG ]; do kill -0 "$server" 2>/dev/null || give_up; sleep 0.02; done
echo "loaded=$(field rdb_last_load_keys_loaded) expired=$(field rdb_last_load_keys_expired)"
[ "$(cli config set appendonly yes)" = OK ] || give_up
until [ "$(field aof_rewrite_in_progress)$(field aof_rewrite_scheduled)" = 00 ]; do kill -0 "$server" 2>/dev/null || give_up; sleep 0.02; done
[ "$(field aof_last_bgrewrite_status)$(field aof_enabled)" = ok1 ] || give_up
cli shutdown nosave 2>/dev/null || :
wait "$server"
test -s "$manifest"`;

/** Loads the snapshot in `dir` and leaves an append-only file beside it that holds the same. */
export async function preload(shell: Shell, dir: string, persistence: Persistence, signal: AbortSignal): Promise<{ loaded: number; expired: number }> {
  const { dbfilename, appenddirname, appendfilename, modules } = persistence;
  const args = [dir, dbfilename, appenddirname, appendfilename, modules.map((path) => `--loadmodule ${path}`).join(' ')];
  const { stdout } = await script(shell, 'the snapshot could not be loaded; nothing was changed', preloadScript, args, { signal });
  const match = /loaded=(\d+) expired=(\d+)/.exec(stdout);
  if (!match) throw environmentError('the loading server does not say what it loaded', { found: stdout.slice(-200) });
  return { loaded: Number(match[1]), expired: Number(match[2]) };
}
