import { z } from 'zod';
import type { Action, Attached, AttachContext } from '../../core/driver.ts';
import { environmentError, inputError } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { imageMethod } from '../image.ts';
import { logins, revokedStayRevoked } from './checks.ts';
import type { HttpConfig } from './config.ts';
import { journeys } from './journeys.ts';
import { Sessions } from './sessions.ts';
import { visits } from './visits.ts';
import { openWay } from './way.ts';
import type { Reply, Way } from './way.ts';

const seedParams = z.strictObject({ users: z.int().min(1).max(1_000_000).optional() });
const noParams = z.strictObject({});
const seedDeadlineMs = 60_000;
const invalidateDeadlineMs = 10_000;

function read<Params>(schema: z.ZodType<Params>, params: Record<string, Json>): Params {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  throw inputError(
    `what the action was given does not fit: ${parsed.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ')}`,
  );
}

function actions(way: Way, adminToken: string, users: number): Record<string, Action> {
  const administer = async (
    path: string,
    body: object,
    deadlineMs: number,
  ): Promise<Record<string, Json>> => {
    const reply = await way.send('POST', path, { body, bearer: adminToken, deadlineMs });
    if (reply.kind === 'none') throw environmentError(`${path} got no answer: ${reply.error}`);
    if (reply.status !== 200)
      throw environmentError(`${path} was refused`, {
        found: `status ${reply.status} ${String(reply.body['error'] ?? '')}`.trim(),
        expected: 'status 200',
      });
    return reply.body as Record<string, Json>;
  };
  return {
    seed: async (params) =>
      administer('/admin/seed', { users: read(seedParams, params).users ?? users }, seedDeadlineMs),
    'invalidate-sessions': async (params) =>
      administer('/admin/invalidate-sessions', read(noParams, params), invalidateDeadlineMs),
  };
}

/**
 * What the service calls itself in its answer to GET /health; otherwise what stands before it says in the
 * header.
 */
function nameOf({ body, server }: Extract<Reply, { kind: 'answer' }>): string {
  const { service } = body;
  return typeof service === 'string' ? service : (server ?? 'HTTP service without a name');
}

export async function attach({
  service,
  config,
  clients,
  clock,
  seed,
  secret,
}: AttachContext<HttpConfig>): Promise<Attached> {
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
    backups: { image: imageMethod(service) },
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
    actions: actions(way, adminToken, config.users),
    checks: {
      logins: logins(way, { seed, users: config.users, sample: config.sample }),
      'revoked-stay-revoked': revokedStayRevoked(way, sessions, config.users),
    },
    ready: async () => {
      const reply = await way.send('GET', '/ready');
      return reply.kind === 'answer' && reply.status === 200;
    },
    close: () => way.close(),
  };
}
