import { z } from 'zod';
import { actionsOf } from '../../core/driver.ts';
import { environmentError } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import type { LoginSystem } from './system.ts';

const seedDeadlineMs = 60_000;
const invalidateDeadlineMs = 10_000;

async function administer(
  { way, adminToken }: LoginSystem,
  path: string,
  body: object,
  deadlineMs: number,
): Promise<Record<string, Json>> {
  const reply = await way.send('POST', path, { body, bearer: adminToken, deadlineMs });
  if (reply.kind === 'none') throw environmentError(`${path} got no answer: ${reply.error}`);
  if (reply.status !== 200)
    throw environmentError(`${path} was refused`, {
      found: `status ${reply.status} ${String(reply.body['error'] ?? '')}`.trim(),
      expected: 'status 200',
    });
  return reply.body as Record<string, Json>;
}

const action = actionsOf<LoginSystem>();

export const actions = {
  seed: action({
    about: 'make the users that the journeys log in as',
    params: z.strictObject({
      users: z.int().min(1).max(1_000_000).optional().describe('How many; those of the configuration'),
    }),
    run: (system, { users }) =>
      administer(system, '/admin/seed', { users: users ?? system.config.users }, seedDeadlineMs),
  }),
  'invalidate-sessions': action({
    about: 'make every token issued so far invalid',
    params: z.strictObject({}),
    run: (system) => administer(system, '/admin/invalidate-sessions', {}, invalidateDeadlineMs),
  }),
};
