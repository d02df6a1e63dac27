import type autocannon from 'autocannon';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import type { Recorder, VisitWorkload } from '../../core/workload.ts';
import { messageOf } from '../../core/errors.ts';
import { flagWrong, kinds, outcomes } from '../../core/ledger.ts';
import type { Endpoint } from '../../core/service.ts';
import { emailOf, pairIn, passwordOf, profileIn, type Seen } from './account.ts';
import { userOf } from './journeys.ts';
import { neverSent, objectIn } from './way.ts';

export interface VisitOptions {
  clients(): Promise<Endpoint>;
  prefix: string;
  tls: { name: string; ca: string } | null;
  clock: Clock;
  seed: number;
  users: number;
  prepare(): Promise<void>;
}

/**
 * Longer than the two seconds from which on an answer is usually called slow: a slow answer must be told from
 * none.
 */
const answerSeconds = 3;
/** The generator notices that a visit is over when it takes its next sample. */
const sampleMs = 25;

/**
 * Visits by autocannon: each arrives with a connection of its own, logs in, looks at the profile, and goes.
 * One run of the generator is one visit, because its endless runs are no record of an outage: they try a
 * closed port as fast as they can, forget requests whose connection was ended, and never ask where the
 * service is now.
 */
export const visits = (options: VisitOptions): VisitWorkload => ({
  kind: 'visits',
  prepare: options.prepare,
  open: async (recorder) => {
    const { default: generator } = await import('autocannon');
    const way = address(options.clients);
    return {
      journey: (number) => visit(generator, options, recorder, way, number),
      close: async () => undefined,
    };
  },
});

interface Address {
  now(): Promise<Endpoint>;
  lost(): void;
}

/** Asked for again after a connection could not be made: it may have moved. */
function address(clients: () => Promise<Endpoint>): Address {
  let known: Promise<Endpoint> | null = null;
  return {
    now: () => (known ??= clients()),
    lost: () => void (known = null),
  };
}

/**
 * One run: at most two requests, of which each leaves exactly one record. A visitor whose login came to
 * nothing tries once more.
 */
async function visit(
  generator: typeof autocannon,
  options: VisitOptions,
  recorder: Recorder,
  way: Address,
  number: number,
): Promise<void> {
  const { tls, clock, prefix, seed, users } = options;
  const invokedMs = clock.nowMs();
  const endpoint = await way.now().catch((error: unknown) => error as Error);
  if (endpoint instanceof Error) {
    way.lost();
    recorder.record(kinds.answer, outcomes.fail, number, number, invokedMs, clock.nowMs(), 0, 0, 0);
    return;
  }
  const visitor = arrive(clock, recorder, number, way);
  const user = userOf(seed, number, users);
  let access: string | null = null;
  const headers = tls ? { host: tls.name } : {};
  const run = generator({
    url: `${tls ? 'https' : 'http'}://${endpoint.host}:${endpoint.port}`,
    connections: 1,
    amount: 2,
    timeout: answerSeconds,
    sampleInt: sampleMs,
    skipAggregateResult: true,
    ...withoutHistograms,
    ...(tls ? { servername: tls.name, tlsOptions: { ca: tls.ca, minVersion: 'TLSv1.3' } } : {}),
    setupClient: (client: autocannon.Client) => watch(client, visitor, tls !== null),
    requests: [
      {
        method: 'POST',
        path: `${prefix}/login`,
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ email: emailOf(user), password: passwordOf(user) }),
        setupRequest: (request: autocannon.Request) => {
          visitor.asks();
          return request;
        },
        onResponse: (status: number, body: string) => {
          const entered = pairIn(answerOf(status, body));
          access = entered.seen === 'right' ? entered.value.access : null;
          visitor.answered(entered);
        },
      },
      {
        method: 'GET',
        path: `${prefix}/profile`,
        setupRequest: (request: autocannon.Request) => {
          if (access === null) return null as never;
          visitor.asks();
          return { ...request, headers: { ...headers, authorization: `Bearer ${access}` } };
        },
        onResponse: (status: number, body: string) =>
          visitor.answered(profileIn(answerOf(status, body), user)),
      },
    ],
  } as autocannon.Options) as unknown as autocannon.Instance & PromiseLike<autocannon.Result>;
  run.on('reqError', (error: unknown) => visitor.lost(error));
  await run;
  visitor.leaves();
}

const answerOf = (status: number, body: string) => ({
  kind: 'answer' as const,
  status,
  body: objectIn(body),
  server: null,
});

interface Visitor {
  asks(): void;
  answered(answer: Seen<unknown>): void;
  /** The connection is no more. */
  lost(error: unknown): void;
  /**
   * What happens on a connection whose certificate a client would not accept is no answer, whatever it says.
   */
  distrusts(): void;
  leaves(): void;
}

/**
 * Keeps the record of one visit. What is asked while something is open says that the generator gave that up.
 */
function arrive(clock: Clock, recorder: Recorder, number: number, way: Address): Visitor {
  let askedMs: number | null = null;
  let distrusted = false;
  const close = (seen: Seen<unknown>['seen']): void => {
    if (askedMs === null) return;
    const outcome = {
      right: outcomes.ok,
      wrong: outcomes.ok,
      failed: outcomes.fail,
      unknown: outcomes.unknown,
    }[seen];
    recorder.record(
      kinds.answer,
      outcome,
      number,
      number,
      askedMs,
      clock.nowMs(),
      0,
      0,
      seen === 'wrong' ? flagWrong : 0,
    );
    askedMs = null;
    if (seen === 'failed' || seen === 'unknown') way.lost();
  };
  return {
    asks: () => {
      close('unknown');
      askedMs = clock.nowMs();
    },
    answered: ({ seen }) => close(distrusted ? 'unknown' : seen),
    lost: (error) => {
      // By the time that the generator tells of a timeout it has asked again, and what was open is closed
      // already.
      if (messageOf(error) !== 'request timed out')
        close(neverSent(error) && !distrusted ? 'failed' : 'unknown');
    },
    distrusts: () => {
      distrusted = true;
      close('unknown');
    },
    leaves: () => close('unknown'),
  };
}

/**
 * The generator never rejects a certificate, so that is done here: such a connection is ended as soon as it
 * stands.
 */
function watch(client: autocannon.Client, visitor: Visitor, tls: boolean): void {
  let known: TLSSocket | null = null;
  client.on('done' as never, () => visitor.leaves());
  if (!tls) return;
  client.on('request' as never, () => {
    const { conn } = client as unknown as { conn: TLSSocket };
    if (conn === known) return;
    known = conn;
    conn.prependOnceListener('secureConnect', () => {
      if (conn.authorized) return;
      visitor.distrusts();
      conn.destroy(conn.authorizationError ?? new Error('the certificate is not accepted'));
    });
  });
}

/**
 * What it would count is in the ledger; its own histograms are made anew for each run, and cost more than the
 * visit.
 */
const nothing = {
  __custom: true,
  recordValue: () => undefined,
  recordValueWithExpectedInterval: () => undefined,
  reset: () => undefined,
  destroy: () => undefined,
};
const withoutHistograms = { histograms: { latencies: nothing, requests: nothing, throughput: nothing } };
