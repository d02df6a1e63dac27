/**
 * Is the client of the driver `http` the bottleneck? Requests a second through TLS proxy and app by it,
 * against autocannon at the same address with as many connections, in turn.
 *
 *   node bench/http-way.ts [rounds]
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { systemClock } from '../core/clock.ts';
import { openClient } from '../drivers/http/client.ts';
import driver from '../drivers/http/index.ts';
import { runRequest } from '../drivers/http/steps.ts';
import { openTransport } from '../drivers/http/transport.ts';
import { createStackProvider } from '../stack/provider.ts';
import { createRunEnvironment } from '../stack/run-environment.ts';

const rounds = Number(process.argv[2] ?? 3);
const connections = 16;
const seconds = 5;
const { environment, ca } = await createRunEnvironment();
const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const stack = await createStackProvider({ progress }).up({
  file: join(import.meta.dirname, '../docker-compose.yml'),
  drill: `bench-http-${randomBytes(3).toString('hex')}`,
  environment,
  progress,
});

async function byDriver(port: number): Promise<number> {
  const transport = openTransport({
    clients: async () => ({ host: '127.0.0.1', port }),
    nowMs: () => systemClock.nowMs(),
    host: undefined,
    tls: { name: 'localhost', ca },
  });
  const config = driver.config.parse({ ready: '/health' });
  const asker = openClient({ transport, config, secrets: {} });
  const until = process.hrtime.bigint() + BigInt(seconds * 1e9);
  let answers = 0;
  const one = async (): Promise<void> => {
    while (process.hrtime.bigint() < until) {
      const done = await runRequest(asker, config.ready, {});
      if (done.kind !== 'right') throw new Error(`not answered: ${done.detail}`);
      answers += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  await transport.close();
  return answers / seconds;
}

async function byAutocannon(port: number): Promise<number> {
  const options = {
    url: `https://127.0.0.1:${port}/health`,
    connections,
    duration: seconds,
    headers: { host: 'localhost' },
    tlsOptions: { ca, servername: 'localhost' },
  };
  const result = await autocannon(options as autocannon.Options);
  if (result.errors > 0 || result.non2xx > 0)
    throw new Error(`${result.errors} errors, ${result.non2xx} answers that are not 2xx`);
  return result.requests.average;
}

try {
  const { port } = await stack.services.get('toxiproxy')!.endpoint(8443);
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const theirs = await byAutocannon(port);
    const ours = await byDriver(port);
    ratios.push(ours / theirs);
    console.log(
      `round ${round}: ${ours.toFixed(0)} requests/s by the driver, ${theirs.toFixed(0)} by autocannon, ratio ${(ours / theirs).toFixed(2)}`,
    );
  }
  console.log(`median ratio ${ratios.sort((a, b) => a - b)[Math.floor(rounds / 2)]!.toFixed(2)}`);
} finally {
  await stack.down();
}
