import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type autocannon from 'autocannon';
import { systemClock } from '../../core/clock.ts';
import type { SustainedFigures } from '../../core/sustained.ts';
import { rightStatus } from './status.ts';

/** What the thread is given. Requests have everything filled in. */
export interface Setting {
  scheme: 'http' | 'https';
  tls: { name: string; ca: string } | null;
  ratePerSecond: number;
  connections: number;
  requests: readonly {
    method: string;
    path: string;
    headers: Record<string, string>;
    body: string | null;
    /** 200 to 299 where it is left out. */
    expected?: readonly number[];
  }[];
}
/** `where`: it asks for the address. */
export type FromGenerator = { asks: 'where' } | { figures: SustainedFigures };
export type ToGenerator = 'stop' | { address: string | null };

/** The file of the thread: this one. */
export const generator = fileURLToPath(import.meta.url);

const answerSeconds = 10;
const sampleMs = 100;
/** After connections failed and nothing was answered meanwhile. */
const pauseMs = 250;
const foreverSeconds = 7 * 86_400;

type Raw = Parameters<typeof autocannon>[0];
interface Run extends PromiseLike<unknown> {
  on(event: 'response', listener: () => void): void;
  on(event: 'reqError', listener: () => void): void;
  stop(): void;
}
type Generator = ((options: Raw) => Run) & {
  aggregateResult(
    results: unknown[],
    options: object,
  ): autocannon.Result & {
    statusCodeStats: Record<string, { count: number }>;
  };
};

/**
 * Runs of autocannon, one after the other: a run tries an address at which nobody listens as fast as it can,
 * and never asks where the service is by now. So a run of which every connection fails is ended, and another
 * is begun after a pause, where the service is then. Their figures are put together by autocannon itself.
 */
async function generate(setting: Setting, port: NonNullable<typeof parentPort>): Promise<SustainedFigures> {
  const { default: cannon } = (await import('autocannon')) as unknown as { default: Generator };
  const begunMs = systemClock.nowMs();
  const perSecond: number[] = [];
  const results: unknown[] = [];
  let stopped = false;
  let running: Run | null = null;
  let told: (address: string | null) => void = () => undefined;
  port.on('message', (message: ToGenerator) => {
    if (message !== 'stop') return told(message.address);
    stopped = true;
    running?.stop();
    told(null);
  });
  const count = (): void => {
    const second = Math.floor((systemClock.nowMs() - begunMs) / 1_000);
    perSecond[second] = (perSecond[second] ?? 0) + 1;
  };
  const where = (): Promise<string | null> =>
    new Promise((resolve) => {
      told = resolve;
      port.postMessage({ asks: 'where' } satisfies FromGenerator);
    });

  while (!stopped) {
    const address = await where();
    if (stopped) break;
    if (address !== null) {
      const run = cannon(optionsOf(setting, address, count));
      running = run;
      let failed = 0;
      run.on('response', () => void (failed = 0));
      run.on('reqError', () => {
        failed += 1;
        if (failed === setting.connections) run.stop();
      });
      results.push(await run);
      running = null;
    }
    if (!stopped) await sleep(pauseMs);
  }
  const seconds = Math.floor((systemClock.nowMs() - begunMs) / 1_000);
  return {
    perSecond: Array.from({ length: seconds }, (_, second) => perSecond[second] ?? 0),
    ...sumOf(cannon, results),
  };
}

/** `right` is told of each answer whose status is one that its own request expects. */
const optionsOf = (
  { scheme, tls, ratePerSecond, connections, requests }: Setting,
  address: string,
  right: () => void,
): Raw =>
  ({
    url: `${scheme}://${address}`,
    connections: Math.min(connections, ratePerSecond),
    overallRate: ratePerSecond,
    duration: foreverSeconds,
    timeout: answerSeconds,
    sampleInt: sampleMs,
    // Its correction takes every answer for one that was due each millisecond, whatever the rate.
    ignoreCoordinatedOmission: true,
    requests: requests.map(({ body, expected, ...request }) => ({
      ...request,
      ...(body === null ? {} : { body }),
      onResponse: (status: number) => void (rightStatus(status, expected) && right()),
    })),
    ...(tls ? { servername: tls.name, tlsOptions: { ca: tls.ca } } : {}),
  }) as Raw;

function sumOf(cannon: Generator, results: unknown[]): Omit<SustainedFigures, 'perSecond'> {
  if (results.length === 0) return { statuses: {}, errors: 0, timeouts: 0, latencyMs: null };
  const { statusCodeStats, errors, timeouts, latency } = cannon.aggregateResult(results, {
    url: 'http://localhost',
  });
  const { p50, p90, p99, max } = latency;
  const statuses = Object.entries(statusCodeStats).map(([status, { count = 0 }]) => [status, count] as const);
  return {
    statuses: Object.fromEntries(statuses),
    // autocannon counts timeouts among errors as well.
    errors: errors - timeouts,
    timeouts,
    latencyMs: statuses.length === 0 ? null : { p50, p90, p99, max },
  };
}

if (!isMainThread && parentPort !== null && workerData !== null) {
  const port = parentPort;
  const figures = await generate(workerData as Setting, port);
  port.postMessage({ figures } satisfies FromGenerator);
  port.close();
}
