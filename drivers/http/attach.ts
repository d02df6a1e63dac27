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
import { openTransport } from './transport.ts';
import { journeysWorkload } from './workload.ts';

export async function open(context: AttachContext<HttpConfig>): Promise<HttpSystem> {
  const { service, config, clients, clock, secret, note } = context;
  const tls = config.tls ? { name: config.tls.name, ca: secret(config.tls.caFrom) } : null;
  const secrets = secretsOf(config, secret);
  const transport = openTransport({ clients, nowMs: clock.nowMs, host: config.host, tls });
  const asker = openClient({ transport, config, secrets });
  const first = await asker.ask(config.ready, {}, { knows: [] });
  if (first.kind === 'none') {
    await transport.close();
    throw environmentError(`the service does not answer its clients: ${first.detail}`, {
      expected: 'an answer to what the configuration calls ready',
    });
  }
  const memory = new Memory();
  const { setUp, given } = settingUp(asker, config);
  const journeys = Object.entries(config.journeys).map(
    ([name, shape]) => new Journey({ name, shape, asker, memory, clock, given, note }),
  );
  const { server } = first.headers;
  return {
    server: `HTTP/1.1 ${typeof server === 'string' ? server : 'service without a name'}`,
    service,
    workload: journeys.length > 0 ? journeysWorkload({ journeys, memory, clock, setUp }) : null,
    generators: { probes: probing(asker, config.probes, { clock, setUp, given }) },
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
