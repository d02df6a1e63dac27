import { systemClock } from '../../core/clock.ts';
import { withDeadline } from '../../core/deadline.ts';
import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { defineStoreFault, type StoreTarget } from '../../core/fault.ts';
import type { Service } from '../../core/service.ts';

const params = z.strictObject({
  how: z
    .enum(['refuse', 'hang'])
    .default('refuse')
    .describe(
      '`refuse`: its service is stopped, connections are refused. `hang`: it is frozen, they are accepted and nothing answers',
    ),
});

/**
 * How long a fresh client of the store is given before it counts as unanswered. Far above what a listing
 * takes.
 */
const patienceMs = 2_000;

export default defineStoreFault({
  about: "the store's service is stopped or frozen: backups cannot be written there, nor fetched from it",
  needsService: true,
  on: 'store',
  params,
  witnessDeadlineMs: 20_000,
  inject: async (target, { how }) => {
    const service = target.service!;
    const before = await service.state();
    await (how === 'refuse' ? service.stop(0) : service.pause());
    return {
      facts: { service: service.name, how, pid: before.pid },
      witness: async () => {
        const { status } = await service.state();
        if (status === 'running') return null;
        const answer = await askAnew(target);
        return answer === 'answered'
          ? null
          : {
              what: `the engine reports ${service.name} as ${status}, and a fresh client of ${target.name} ${answer}`,
              facts: { service: service.name, status, answer },
            };
      },
      undo: {
        name: `undo store-unreachable of ${target.name}`,
        deadlineMs: 60_000,
        run: () => letRun(service),
        healed: async () =>
          (await service.state()).status === 'running' && (await askAnew(target)) === 'answered',
      },
    };
  },
});

async function letRun(service: Service): Promise<void> {
  const { status } = await service.state();
  if (status === 'paused') await service.unpause();
  else if (status !== 'running' && status !== 'restarting') await service.start();
}

/**
 * What a client that has just come sees of the store: `answered`, `was refused: …` or `got no answer within
 * …`.
 */
async function askAnew(target: StoreTarget): Promise<string> {
  const asked = target
    .reopen()
    .then(async (store) => {
      await store.list('').finally(() => store.close());
      return 'answered';
    })
    .catch((error: unknown) => `was refused: ${messageOf(error)}`);
  return withDeadline(systemClock, 'an answer', patienceMs, asked).catch(
    () => `got no answer within ${patienceMs} ms`,
  );
}
