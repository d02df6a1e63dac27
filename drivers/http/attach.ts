import { pollUntil } from '../../core/clock.ts';
import type { AttachContext } from '../../core/driver.ts';
import { environmentError } from '../../core/errors.ts';
import { openClient } from './client.ts';
import { Journey } from './journey.ts';
import { Memory } from './memory.ts';
import { probing } from './probes.ts';
import { listed } from './request-shape.ts';
import { secretsOf } from './secrets.ts';
import type { HttpConfig } from './shape.ts';
import { runRequest, runSteps, type Asker } from './steps.ts';
import type { HttpSystem } from './system.ts';
import type { Values } from './template.ts';
import { sustain } from './sustain.ts';
import { openTransport } from './transport.ts';
import { journeysWorkload } from './workload.ts';

/** Whoever asks whether anybody is there, and not how fast, waits longer. */
const patienceMs = 15_000;

export async function open(context: AttachContext<HttpConfig>): Promise<HttpSystem> {
  const { service, config, clients, clock, secret, note } = context;
  const tls = config.tls ? { name: config.tls.name, ca: secret(config.tls.caFrom) } : null;
  const secrets = secretsOf(config, secret);
  const transport = openTransport({ clients, nowMs: clock.nowMs, host: config.host, tls });
  const asker = openClient({ transport, config, secrets });
  const server = await serverOf(context, asker).catch(async (error: unknown) => {
    await transport.close();
    throw error;
  });
  const memory = new Memory();
  const { setUp, given } = settingUp(asker, config);
  const journeys = Object.entries(config.journeys).map(
    ([name, shape]) => new Journey({ name, shape, asker, memory, clock, given, note }),
  );
  return {
    server,
    service,
    workload: journeys.length > 0 ? journeysWorkload({ journeys, memory, clock, setUp }) : null,
    generators: { probes: probing(asker, config, { clock, setUp, given }) },
    sustain: (plan) => sustain({ asker, config, tls, clients, setUp, given }, plan),
    asker,
    memory,
    config,
    clock,
    setUp,
    given,
    ready: async () => (await runRequest(asker, config.ready, {})).kind === 'right',
    close: () => transport.close(),
  };
}

/** `setUp` does what the configuration wants done, once, whoever asks; `given` is what that captured. */
function settingUp(asker: Asker, { setup }: HttpConfig): { setUp(): Promise<void>; given(): Values } {
  let values: Values = {};
  let done: Promise<void> | null = null;
  const setUp = async (): Promise<void> => {
    if (setup === undefined) return;
    const result = await runSteps(asker, listed(setup), {});
    if (result.kind !== 'right') throw environmentError(`setup: ${result.detail}`);
    values = result.values;
  };
  return { setUp: () => (done ??= setUp()), given: () => values };
}

/**
 * What it calls itself, as soon as it is ready: a container without a health check is up before what runs in
 * it listens. Throws an environment error where it takes longer than it may.
 */
async function serverOf(
  { component, config, clock }: AttachContext<HttpConfig>,
  asker: Asker,
): Promise<string> {
  let last = 'it was not asked';
  const { ready, startWithin } = config;
  const answer = await pollUntil(clock, { everyMs: 100, deadlineMs: startWithin.ms }, async () => {
    const done = await runRequest(asker, ready, {}, { deadlineMs: patienceMs });
    if (done.kind === 'right') return done.answer;
    last = done.detail;
    return null;
  });
  if (!answer)
    throw environmentError(`${component} is not ready for its clients: ${last}`, {
      expected: `what the configuration calls ready, within ${startWithin.text} (startWithin)`,
      hint: `config.ready of ${component} says what is asked, clients which service and port are`,
    });
  const { server } = answer.headers;
  return `HTTP/1.1 ${typeof server === 'string' ? server : 'service without a name'}`;
}
