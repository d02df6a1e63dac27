import { Agent, request } from 'undici';
import { messageOf } from '../../core/errors.ts';
import type { Endpoint } from '../../core/service.ts';

/**
 * What came of a request. `none`: no answer; `certain` when it was never sent, so that it certainly did
 * nothing. A body that is not a JSON object counts as an empty one: what is asked for is then missing in it.
 */
export type Reply =
  | { kind: 'answer'; status: number; body: Record<string, unknown>; server: string | null }
  | { kind: 'none'; certain: boolean; error: string };

export interface SendOptions {
  body?: object;
  bearer?: string;
  deadlineMs?: number;
}

/** The clients' way in. `send` never rejects. */
export interface Way {
  send(method: 'GET' | 'POST', path: string, options?: SendOptions): Promise<Reply>;
  close(): Promise<void>;
}

export interface WayOptions {
  clients(): Promise<Endpoint>;
  prefix: string;
  tls: { name: string; ca: string } | null;
}

const deadlineDefaultMs = 2000;

/**
 * Keep-alive HTTP with TLS 1.3 at least. The address is asked for again after a connection could not be made:
 * it may have moved.
 */
export function openWay({ clients, prefix, tls }: WayOptions): Way {
  const agent = new Agent({
    connections: 64,
    pipelining: 1,
    connect: tls ? { ca: tls.ca, servername: tls.name, minVersion: 'TLSv1.3' } : {},
  });
  let origin: Promise<string> | null = null;
  const originNow = (): Promise<string> =>
    (origin ??= clients().then(
      ({ host, port }) => `${tls ? 'https' : 'http'}://${host}:${port}`,
      (error: unknown) => {
        origin = null;
        throw error;
      },
    ));

  return {
    send: async (method, path, { body, bearer, deadlineMs = deadlineDefaultMs } = {}) => {
      try {
        const response = await request(`${await originNow()}${prefix}${path}`, {
          dispatcher: agent,
          method,
          signal: AbortSignal.timeout(deadlineMs),
          body: body ? JSON.stringify(body) : null,
          headers: {
            ...(tls ? { host: tls.name } : {}),
            ...(body ? { 'content-type': 'application/json' } : {}),
            ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
          },
        });
        const { server } = response.headers;
        return {
          kind: 'answer',
          status: response.statusCode,
          body: objectIn(await response.body.text()),
          server: typeof server === 'string' ? server : null,
        };
      } catch (error) {
        const certain = neverSent(error);
        if (certain) origin = null;
        return { kind: 'none', certain, error: messageOf(error) };
      }
    },
    close: () => agent.destroy(),
  };
}

const patienceMs = 15_000;
/**
 * The same way for whoever asks what is so, and not how fast: a machine that is busy must not leave a
 * question open. Asking again would not do: the second use of a token is refused because of the first.
 */
export const patiently = (way: Way): Way => ({
  ...way,
  send: (method, path, options = {}) => way.send(method, path, { deadlineMs: patienceMs, ...options }),
});

/** Failures of making the connection: name, TCP or TLS. Nothing of the request had left by then. */
export function neverSent(error: unknown): boolean {
  const { code = '' } = error as { code?: string };
  return /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/.test(
    code,
  );
}

/** A body that is not a JSON object counts as an empty one. */
export function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}
