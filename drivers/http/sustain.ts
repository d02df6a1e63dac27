import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { environmentError } from '../../core/errors.ts';
import type { Endpoint } from '../../core/service.ts';
import type { SustainedFigures, SustainedLoad, SustainedPlan } from '../../core/sustained.ts';
import { namedProbe, probesOf, type Probe } from './probe.ts';
import type { ProbeStep } from './request-shape.ts';
import type { HttpConfig } from './shape.ts';
import { runRequest, type Asker } from './steps.ts';
import { sustainable } from './sustainable.ts';
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

/** Nobody measures how fast it is. */
const patienceMs = 15_000;
const askersAtOnce = 8;

/**
 * Each request once, as the configuration has it but for the time that it takes: in the load only statuses
 * are looked at, and redirects are answers. Throws an environment error where an answer is not right.
 */
async function assertRight(asker: Asker, probe: Probe, given: Values): Promise<void> {
  const [{ expect, ...request }] = probe.steps as [ProbeStep];
  const alone = { ...request, follow: false, expect: { ...expect, within: undefined } };
  const done = await runRequest(asker, alone, { ...given, ...probe.values }, { deadlineMs: patienceMs });
  if (done.kind !== 'right')
    throw environmentError(
      `the probe ${namedProbe(probe)} of the sustained load is not right before anything was broken: ${done.detail}`,
      {
        expected: 'as it is expected by `probes`, without a redirect; `requests` names those that are asked',
      },
    );
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
  const filled: Setting['requests'][number][] = [];
  const names = requests ?? sustainable(config);
  const asked = probesOf(config).filter(({ name }) => names.includes(name));
  await pLimit(askersAtOnce).map(asked, (probe) => assertRight(asker, probe, given()));
  for (const { name, steps, values } of asked) {
    const [step] = steps as [ProbeStep];
    const one = await asker.filled(step, { ...given(), ...values });
    if (one === null) throw environmentError(`the probe ${name} cannot be filled in for the sustained load`);
    filled.push({
      method: one.method,
      path: one.path,
      headers: named(one.headers, config, tls),
      body: one.body,
      ...(step.expect.status ? { expected: step.expect.status } : {}),
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
