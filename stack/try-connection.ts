import type { ConnectionTry, Service, Shell } from '../core/service.ts';
import type { Inspection } from './runtime.ts';

const deadlineDefaultMs = 1_000;

type ConnectionOptions = NonNullable<Parameters<Service['tryConnection']>[1]>;

// $1 address, $2 port, $3 what to say, $4 whether to listen. Bash makes the connection (its manual,
// "Redirections": /dev/tcp), the C library names the errors. What is said goes out whole: Bash's own printf
// writes line by line, and a server that ends the connection after the first line resets it at the second.
export const connectionScript =
  'exec 3<>"/dev/tcp/$1/$2" || exit 1; echo connected; [ "$4" = listen ] || exit 0; env printf %b "$3" >&3; cat <&3 >/dev/null && echo closed';

/**
 * A connection attempt from a neighbour to a container's own address. A container without one, because it
 * does not run, is unreachable.
 */
export async function tryConnection(
  neighbour: (network: string) => Promise<Shell>,
  found: Inspection,
  port: number,
  options: ConnectionOptions = {},
): Promise<ConnectionTry> {
  const [name, network] = Object.entries(found.NetworkSettings.Networks)[0] ?? [];
  if (!name || !network?.IPAddress) return { connected: 'unreachable', ended: null };
  return tryConnectionAt(neighbour, { network: name, host: network.IPAddress }, port, options);
}

/** The same to whatever has that address or name on a network. */
export async function tryConnectionAt(
  neighbour: (network: string) => Promise<Shell>,
  { network, host }: { network: string; host: string },
  port: number,
  { say = '', listen = true, deadlineMs = deadlineDefaultMs }: ConnectionOptions = {},
): Promise<ConnectionTry> {
  const shell = await neighbour(network);
  const ran = await shell.exec(
    [
      'timeout',
      String(deadlineMs / 1000),
      'bash',
      '-c',
      connectionScript,
      'bash',
      host,
      String(port),
      say,
      listen ? 'listen' : '',
    ],
    { env: { LC_ALL: 'C' }, deadlineMs: deadlineMs + 30_000 },
  );
  const seen = connectionOf(ran);
  return listen ? seen : { ...seen, ended: null };
}

const timedOut = 124;

/** `timeout` ends with 124 when it had to end the command (its manual). */
export function connectionOf({
  code,
  stdout,
  stderr,
}: {
  code: number;
  stdout: string;
  stderr: string;
}): ConnectionTry {
  if (!stdout.includes('connected')) {
    if (/Connection refused/.test(stderr)) return { connected: 'refused', ended: null };
    return {
      connected: code === timedOut || /timed out/.test(stderr) ? 'silent' : 'unreachable',
      ended: null,
    };
  }
  if (/Connection reset by peer|Broken pipe/.test(stderr)) return { connected: 'accepted', ended: 'reset' };
  return { connected: 'accepted', ended: code === timedOut ? 'open' : 'closed' };
}
