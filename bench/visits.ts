/**
 * What the visitors cost the machine that they are measured on: CPU of this process for visits by autocannon,
 * through TLS proxy and app, beside the same number of requests by the http driver's own journeys, in turn.
 *
 *   node bench/visits.ts [visits a second]
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { JourneyClient, Recorder } from '../core/workload.ts';
import { outcomes } from '../core/ledger.ts';
import { inputError } from '../core/errors.ts';
import driver from '../drivers/login-service/index.ts';
import { createStackProvider } from '../stack/provider.ts';
import { createRunEnvironment } from '../stack/run-environment.ts';

const perSecond = Number(process.argv[2] ?? 25);
const seconds = 10;
const users = 500;
const { environment } = await createRunEnvironment();
const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const stack = await createStackProvider({ progress }).up({
  file: join(import.meta.dirname, '../docker-compose.yml'),
  drill: `bench-visits-${randomBytes(3).toString('hex')}`,
  environment,
  progress,
});

/** Steadily, for so many seconds; gives the share of one core that it took, and the requests. */
async function cost(
  open: (recorder: Recorder) => Promise<JourneyClient>,
  rate: number,
): Promise<{ core: number; requests: number }> {
  let requests = 0;
  let right = 0;
  const client = await open({
    record: (_kind, outcome, _id, _group, _invoked, _ended, _low, _high, flags) => {
      requests += 1;
      if (outcome === outcomes.ok && flags === 0) right += 1;
    },
  });
  const before = process.cpuUsage();
  const running = Array.from({ length: rate * seconds }, async (_, number) => {
    await systemClock.sleep((number * 1000) / rate);
    await client.journey(number);
  });
  await Promise.all(running);
  const { user, system } = process.cpuUsage(before);
  await client.close();
  if (right < requests) throw new Error(`${requests - right} of ${requests} answers were not right`);
  return { core: (user + system) / 1e6 / seconds, requests };
}

try {
  const attached = await driver.attach({
    component: 'app',
    service: stack.services.get('app')!,
    clock: systemClock,
    seed: 7,
    note: progress,
    beganWith: () => undefined,
    secret: (name) => environment[name]!,
    config: driver.config.parse({
      tls: { name: 'localhost', caFrom: 'MUSTER_TLS_CA' },
      adminTokenFrom: 'ADMIN_TOKEN',
      users,
    }),
    clients: () => stack.services.get('toxiproxy')!.endpoint(8443),
    peer: (name) =>
      stack.services.get(name) ??
      (() => {
        throw inputError(`no service ${name}`);
      })(),
  });
  await attached.actions['seed']!({});
  const { workload, generators } = attached;
  if (workload?.kind !== 'journeys') throw new Error('the driver has no journeys');
  await cost(generators!['autocannon']!.open, 5);
  const visiting = await cost(generators!['autocannon']!.open, perSecond);
  const travelling = await cost(workload.open, Math.round((perSecond * 2) / 3.7));
  for (const [what, { core, requests }] of Object.entries({
    'visits by autocannon': visiting,
    journeys: travelling,
  }))
    console.log(
      `${what}: ${requests / seconds} requests/s take ${(core * 100).toFixed(1)} % of a core, ${((core * seconds * 1e3) / requests).toFixed(2)} ms each`,
    );
  await attached.close();
} finally {
  await stack.down();
}
