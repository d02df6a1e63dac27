/**
 * An independent prober, in a process of its own, that knows nothing of Muster: a bare socket, one GET a
 * millisecond, a new connection as soon as the old one is gone. Prints every change between answered and not
 * answered with the monotonic time of the machine, in ms.
 *
 *   node bench/prober.ts HOST PORT KEY
 */
import { connect, type Socket } from 'node:net';

const [host, port, key] = process.argv.slice(2) as [string, string, string];
const everyMs = 1;
const patienceMs = 100;
const now = (): number => Number(process.hrtime.bigint()) / 1e6;
const request = `*2\r\n$3\r\nGET\r\n$${Buffer.byteLength(key)}\r\n${key}\r\n`;

let answered: boolean | null = null;
let lastMs = now();
function say(isAnswered: boolean): void {
  const atMs = now();
  if (answered !== isAnswered)
    process.stdout.write(
      `${JSON.stringify({ answered: isAnswered, atMs, sinceLastProbeMs: atMs - lastMs })}\n`,
    );
  answered = isAnswered;
  lastMs = atMs;
}

let socket: Socket | null = null;
let waiting: { sinceMs: number } | null = null;
function open(): Socket {
  const fresh = connect(Number(port), host);
  fresh.setNoDelay(true);
  fresh.on('data', (data) => {
    waiting = null;
    // `$-1` and a value are answers; `-LOADING` is not.
    say(data[0] === 0x24);
  });
  const gone = (): void => {
    if (socket !== fresh) return;
    socket = null;
    waiting = null;
    say(false);
  };
  fresh.on('error', gone);
  fresh.on('close', gone);
  return fresh;
}

setInterval(() => {
  if (waiting && now() - waiting.sinceMs < patienceMs) return;
  if (waiting) socket?.destroy();
  socket ??= open();
  waiting = { sinceMs: now() };
  socket.write(request);
}, everyMs);
