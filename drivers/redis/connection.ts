import { once } from 'node:events';
import { createConnection, Socket } from 'node:net';
import { AbstractConnector, Redis } from 'ioredis';
import type { Endpoint } from '../../core/service.ts';
import { OperationError } from '../../core/ledger.ts';
import { environmentError, messageOf } from '../../core/errors.ts';

/**
 * Where to connect to and as whom. `endpoint` is asked again at each attempt: published ports change when a
 * container restarts.
 */
export interface Address {
  endpoint(): Promise<Endpoint>;
  username?: string | undefined;
  password?: string | undefined;
}

const answerMs = 1_000;
/**
 * How long a new connection may take to show that a server is behind it: the resolution with which a recovery
 * is seen.
 */
const greetingMs = 250;
/** Fixed and short: a back-off would make an outage look longer than it is. */
const reconnectMs = 20;
/** How long an endpoint that was just looked up is shared between the connections that ask for it. */
const endpointSharedMs = 50;
const closedMs = 1_000;

/** One look-up at a time, shared for a moment: many connections come back at once. */
export function sharedEndpoint(
  lookUp: () => Promise<Endpoint>,
  nowMs: () => number,
): () => Promise<Endpoint> {
  let current: { at: number; endpoint: Promise<Endpoint> } | null = null;
  return () => {
    if (!current || nowMs() - current.at > endpointSharedMs) current = { at: nowMs(), endpoint: lookUp() };
    return current.endpoint;
  };
}

/**
 * A socket behind which something answered: a proxy accepts connections whether or not there is a server, and
 * a command sent into one of those is silent until its time is up. Any answer will do; LOADING and NOAUTH are
 * answers.
 */
async function greeted({ host, port }: Endpoint): Promise<Socket> {
  const socket = createConnection({ host, port, noDelay: true });
  const limit = AbortSignal.timeout(greetingMs);
  // Closed without a word is an end, not an error, and nothing would come after it.
  socket.once('end', () => socket.destroy(new Error('connection closed before anything was answered')));
  try {
    await once(socket, 'connect', { signal: limit });
    socket.write('PING\r\n');
    const [said] = (await once(socket, 'data', { signal: limit })) as [Buffer];
    // The last word before the server closes the connection: nobody is let in.
    if (/^-(ERR max number of clients|DENIED)/.test(said.toString('latin1')))
      throw new Error(said.toString().trim().slice(1, 200));
    return socket;
  } catch (error) {
    // Whatever else the socket has to say, it is not used any more.
    socket.on('error', () => undefined);
    socket.destroy();
    throw limit.aborted ? new Error(`nothing answered within ${greetingMs} ms`) : error;
  }
}

const connectorFor = (endpoint: Address['endpoint']): (new (options: unknown) => AbstractConnector) =>
  class extends AbstractConnector {
    constructor() {
      super(closedMs);
    }

    /**
     * ioredis takes a rejection for the end of all attempts, so that one that fails gives a socket that is
     * closed already.
     */
    override async connect(): Promise<Socket> {
      this.connecting = true;
      const found = await endpoint()
        .then(greeted)
        .catch((error: unknown) => new Error(messageOf(error)));
      const failed = found instanceof Error;
      const socket = failed ? new Socket().destroy() : found;
      if (!this.connecting) {
        socket.destroy();
        throw new Error('Connection is closed.');
      }
      this.stream = socket;
      this.firstError = failed ? found : undefined;
      if (!failed) socket.once('error', (error: Error) => (this.firstError = error));
      return socket;
    }
  };

/**
 * A connection on which nothing is queued, resent or retried: each command is sent once, and what became of
 * it is the caller's to know. It comes back by itself. A server that answers nothing for `silenceMs`, a
 * second, loses the connection.
 */
export function openConnection(address: Address, silenceMs = answerMs): Redis {
  const redis = new Redis({
    Connector: connectorFor(address.endpoint),
    username: address.username,
    password: address.password,
    // No handshake beyond AUTH: a server that is loading refuses commands by itself, and that answer is worth
    // having.
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => reconnectMs,
    reconnectOnError: () => false,
    socketTimeout: silenceMs,
  });
  // What goes wrong reaches the callers through their commands.
  redis.on('error', () => undefined);
  return redis;
}

/**
 * Resolves when connected, whether by now or after some attempts; rejects at the deadline with the last
 * reason.
 */
export function whenConnected(redis: Redis, deadlineMs: number): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    let last = `${redis.status} after ${deadlineMs} ms`;
    const onError = (error: Error): void => {
      last = messageOf(error);
    };
    const timer = setTimeout(() => settle(() => reject(new Error(`no connection: ${last}`))), deadlineMs);
    const onReady = (): void => settle(resolve);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      redis.off('ready', onReady);
      redis.off('error', onError);
      act();
    };
    redis.on('error', onError);
    redis.once('ready', onReady);
  });
}

const neverSent = "Stream isn't writeable";

/**
 * In words that name the server: ioredis speaks of its own settings when a connection goes ("max retries …
 * (which is 0)"). Other errors stay.
 */
export function asLost(error: unknown): unknown {
  const lost = error instanceof Error && error.name === 'MaxRetriesPerRequestError';
  return lost
    ? environmentError('the connection to the server was lost before it answered', {
        hint: 'see the log of the server',
      })
    : error;
}

/**
 * The error of a command as an operation's outcome. `certain` when Redis answered with an error (LOADING,
 * MISCONF, READONLY, NOREPLICAS, OOM, EXECABORT…: a command that is refused has changed nothing), or when it
 * was never written to a socket. A connection lost or silent after that says nothing about what the server
 * did.
 */
export function operationError(error: unknown): OperationError {
  if (error instanceof OperationError) return error;
  const answered = error instanceof Error && error.name === 'ReplyError';
  const unsent = error instanceof Error && error.message.startsWith(neverSent);
  const said = asLost(error);
  return new OperationError(messageOf(said), answered || unsent, said);
}

/** Throws, with certainty, where a command could not be sent now. */
export function assertConnected(redis: Redis): void {
  if (redis.status !== 'ready') throw new OperationError(`not connected (${redis.status})`, true);
}
