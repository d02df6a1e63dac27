import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { environmentError } from '../../core/errors.ts';
import type { Endpoint } from '../../core/service.ts';
import type { SustainedFigures, SustainedLoad, SustainedPlan } from '../../core/sustained.ts';
import { probesOf } from './probe.ts';
import { listed } from './request-shape.ts';
import type { HttpConfig } from './shape.ts';
import type { Asker } from './steps.ts';
import type { Setting, FromGenerator, ToGenerator } from './sustain-generator.ts';
import type { Values } from './template.ts';

export interface SustainOptions {
  asker: Asker;
  config: HttpConfig;
  tls: { name: string; ca: string } | null;
  clients(): Promise<Endpoint>;
  setUp(): Promise<void>;
  given(): Values;
}

/** Probes that are one request: what a program that knows no captures can send again and again. */
export const sustainable = ({ probes }: HttpConfig): string[] =>
  Object.entries(probes).flatMap(([name, request]) => (listed(request).length === 1 ? [name] : []));

/** Why a component so configured cannot have it; null where it can. */
export function lacksRequests(
  config: HttpConfig,
  { requests }: Pick<SustainedPlan, 'requests'>,
): string | null {
  const known = sustainable(config);
  if (known.length === 0) return 'it has no probe that is one request';
  const strange = requests?.find((name) => !known.includes(name));
  return strange === undefined
    ? null
    : `${strange} is no probe of it that is one request; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`;
}

/**
 * Begins sustained load by autocannon, in a thread of its own: the clients of the ledger, and the clock that
 * they are measured by, are not held up by it. What is sent is filled in once, at the beginning.
 */
export async function sustain(
  { asker, config, tls, clients, setUp, given }: SustainOptions,
  { ratePerSecond, connections, requests }: SustainedPlan,
): Promise<SustainedLoad> {
  await setUp();
  const filled = [];
  const names = requests ?? sustainable(config);
  for (const { name, steps, values } of probesOf(config).filter((probe) => names.includes(probe.name))) {
    const one = await asker.filled(steps[0]!, { ...given(), ...values });
    if (one === null) throw environmentError(`the probe ${name} cannot be filled in for the sustained load`);
    filled.push({
      method: one.method,
      path: one.path,
      headers: named(one.headers, config, tls),
      body: one.body,
    });
  }
  const setting: Setting = {
    scheme: tls ? 'https' : 'http',
    tls,
    ratePerSecond,
    connections,
    requests: filled,
  };
  // In the place of the file's name, which differs once it is built.
  const { generator } = await import('./sustain-generator.ts');
  const worker = new Worker(generator, { workerData: setting });
  const stop = figuresOf(worker, clients);
  await once(worker, 'message');
  return { stop };
}

const named = (
  headers: Record<string, string>,
  { host }: HttpConfig,
  tls: { name: string } | null,
): Record<string, string> => {
  const name = host ?? tls?.name;
  return name === undefined ? headers : { host: name, ...headers };
};

/** Answers the generator's question where the service is; gives what ends it. */
function figuresOf(worker: Worker, clients: () => Promise<Endpoint>): () => Promise<SustainedFigures> {
  const say = (message: ToGenerator): void => worker.postMessage(message);
  const { promise, resolve, reject } = Promise.withResolvers<SustainedFigures>();
  promise.catch(() => undefined);
  worker.on('error', reject);
  worker.on('exit', (code) => reject(environmentError(`the load generator ended with code ${code}`)));
  worker.on('message', (message: FromGenerator) => {
    if ('figures' in message) return resolve(message.figures);
    clients().then(
      ({ host, port }) => say({ address: `${host}:${port}` }),
      () => say({ address: null }),
    );
  });
  return async () => {
    say('stop');
    try {
      return await promise;
    } finally {
      await worker.terminate();
    }
  };
}
