import { Agent, request, type Dispatcher } from 'undici';
import { messageOf } from '../../core/errors.ts';
import type { Endpoint } from '../../core/service.ts';

/** A request with everything filled in: nothing of it may be in a message. */
export interface Filled {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
  follow: boolean;
  deadlineMs: number;
}

/**
 * `none`: no whole answer; `certain` when the request was never sent, so that it certainly did nothing.
 * `json`: undefined where the body is none.
 */
export interface Answer {
  kind: 'answer';
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
  json: unknown;
  tookMs: number;
}
export type Reply = Answer | { kind: 'none'; certain: boolean; detail: string };

export interface TransportOptions {
  clients(): Promise<Endpoint>;
  nowMs(): number;
  host: string | undefined;
  tls: { name: string; ca: string } | null;
}

/** The clients' way in. `send` never rejects. */
export interface Transport {
  /** Scheme, name and path as a browser would see them: what cookies belong to. */
  urlOf(path: string): string;
  send(filled: Filled): Promise<Reply>;
  close(): Promise<void>;
}

/** More than any answer of a journey: one that goes on for ever must not fill memory. */
const bodyMost = 4 * 1024 * 1024;
const hopsMost = 5;
/** An address at which something failed is held on to for so long. */
const stayMs = 1_000;

/**
 * Connections are kept and used again, one request at a time. The address is asked for again after a
 * connection could not be made: it may have moved.
 */
export function openTransport({ clients, nowMs, host, tls }: TransportOptions): Transport {
  const agent = new Agent({
    connections: 64,
    pipelining: 1,
    maxResponseSize: bodyMost,
    connect: tls ? { ca: tls.ca, servername: tls.name } : {},
  });
  const scheme = tls ? 'https' : 'http';
  const named = host ?? tls?.name;
  let known: Promise<string> | null = null;
  let askedMs = 0;
  const originNow = (): Promise<string> => {
    if (known === null) askedMs = nowMs();
    return (known ??= clients().then(({ host, port }) => `${scheme}://${host}:${port}`));
  };

  const ask = async (filled: Filled): Promise<Reply> => {
    const begun = nowMs();
    const origin = await originNow().catch((error: unknown) => error as Error);
    if (typeof origin !== 'string') {
      known = null;
      return { kind: 'none', certain: true, detail: messageOf(origin) };
    }
    const signal = AbortSignal.timeout(filled.deadlineMs);
    const headers = { ...(named ? { host: named } : {}), ...filled.headers };
    let path = filled.path;
    for (let hop = 0; ; hop += 1) {
      const { method, body } = filled;
      const response = await request(`${origin}${path}`, {
        dispatcher: agent,
        method: method as Dispatcher.HttpMethod,
        signal,
        body,
        headers,
      });
      const next = filled.follow && hop < hopsMost ? redirectIn(response, `${origin}${path}`, named) : null;
      const text = await response.body.text();
      if (next === null) return answerOf(response, text, nowMs() - begun);
      path = next;
    }
  };

  return {
    urlOf: (path) => `${scheme}://${named ?? 'localhost'}${path}`,
    send: async (filled) => {
      try {
        return await ask(filled);
      } catch (error) {
        const certain = neverSent(error);
        // Whoever answers there by now may be another service altogether.
        if (certain || nowMs() - askedMs > stayMs) known = null;
        return { kind: 'none', certain, detail: causeOf(error) };
      }
    },
    close: () => agent.destroy(),
  };
}

function answerOf({ statusCode, headers }: Dispatcher.ResponseData, body: string, tookMs: number): Answer {
  return { kind: 'answer', status: statusCode, headers, body, json: jsonIn(body), tookMs };
}

/** The path that an answer sends on to, on the same origin; null where it does not. */
function redirectIn(
  { statusCode, headers: { location } }: Dispatcher.ResponseData,
  from: string,
  named: string | undefined,
): string | null {
  if (![301, 302, 303, 307, 308].includes(statusCode) || typeof location !== 'string') return null;
  if (!URL.canParse(location, from)) return null;
  const to = new URL(location, from);
  const here = new URL(from);
  const same =
    to.origin === here.origin || (named !== undefined && to.host === named && to.protocol === here.protocol);
  return same ? `${to.pathname}${to.search}` : null;
}

/** Undefined where the text is no JSON. What a parser says of it quotes it, and is not passed on. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const words: Record<string, string> = {
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'the answer is larger than 4 MiB',
  UND_ERR_SOCKET: 'the connection ended before the whole answer was there',
};

/** What a library says of a failure may quote headers: its code says enough, where it has one. */
function causeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no whole answer in time';
  const { code = '' } = error as { code?: string };
  return words[code] ?? (code || messageOf(error));
}

/** Failures of making the connection: name, TCP or TLS. Nothing of the request had left by then. */
function neverSent(error: unknown): boolean {
  const { code = '' } = error as { code?: string };
  return /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|UND_ERR_INVALID_ARG|ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/.test(
    code,
  );
}
