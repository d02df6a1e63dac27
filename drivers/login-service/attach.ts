import type { AttachContext } from '../../core/driver.ts';
import { environmentError } from '../../core/errors.ts';
import type { LoginConfig } from './config.ts';
import { journeys } from './journeys.ts';
import { Sessions } from './sessions.ts';
import { visits } from './visits.ts';
import type { LoginSystem } from './system.ts';
import { openWay } from './way.ts';
import type { Reply } from './way.ts';

/**
 * What the service calls itself in its answer to GET /health; otherwise what stands before it says in the
 * header.
 */
function nameOf({ body, server }: Extract<Reply, { kind: 'answer' }>): string {
  const { service } = body;
  return typeof service === 'string' ? service : (server ?? 'HTTP service without a name');
}

export async function open({
  service,
  config,
  clients,
  clock,
  seed,
  secret,
}: AttachContext<LoginConfig>): Promise<LoginSystem> {
  const tls = config.tls ? { name: config.tls.name, ca: secret(config.tls.caFrom) } : null;
  const adminToken = secret(config.adminTokenFrom);
  const way = openWay({ clients, prefix: config.path, tls });
  const sessions = new Sessions();
  const first = await way.send('GET', '/health');
  if (first.kind === 'none') {
    await way.close();
    throw environmentError(`the service does not answer its clients: ${first.error}`, {
      expected: 'an answer to GET /health',
    });
  }
  const workload = journeys({ way, clock, seed, users: config.users, sessions });
  return {
    server: nameOf(first),
    service,
    workload,
    generators: {
      autocannon: visits({
        clients,
        prefix: config.path,
        tls,
        clock,
        seed,
        users: config.users,
        prepare: workload.prepare,
      }),
    },
    way,
    sessions,
    adminToken,
    config,
    seed,
    ready: async () => {
      const reply = await way.send('GET', '/ready');
      return reply.kind === 'answer' && reply.status === 200;
    },
    close: () => way.close(),
  };
}
