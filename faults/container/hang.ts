import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { z } from 'zod';
import { environmentError } from '../../core/errors.ts';
import { defineContainerFault } from '../../core/fault.ts';
import type { Service } from '../../core/service.ts';

const undoMs = 30_000;

/**
 * Every process of the service is stopped by SIGSTOP. Its sockets stay: connections are still accepted by the
 * kernel, and nothing answers. (The engine's own pause would freeze the health check with it, and nobody
 * would ever act.)
 */
async function hang(service: Service): Promise<ActiveFault> {
  const before = await service.state();
  if (before.status !== 'running')
    throw environmentError(`${service.name} cannot hang`, { found: before.status, expected: 'running' });
  const pids = await service.signalEach('SIGSTOP');
  const stillStopped = async (): Promise<number[]> =>
    (await service.processes())
      .filter(({ pid, stopped }) => stopped && pids.includes(pid))
      .map(({ pid }) => pid);
  return {
    facts: { pids, startedAt: before.startedAt },
    witness: async () => proofOf(pids, await stillStopped()),
    stillThere: async () => proofOf(pids, await stillStopped()),
    undo: {
      name: `undo hang of ${service.name}`,
      deadlineMs: undoMs,
      run: async () => {
        const { status } = await service.state();
        if (status === 'running') await service.signalEach('SIGCONT');
        else if (status !== 'restarting' && status !== 'missing') await service.start();
      },
      healed: async () => (await service.state()).status === 'running' && (await stillStopped()).length === 0,
    },
  };
}

/** One that began meanwhile, such as a health check, runs on: those that were struck must all be stopped. */
function proofOf(struck: readonly number[], stopped: readonly number[]): Proof | null {
  if (struck.length === 0 || stopped.length < struck.length) return null;
  const which = struck.length === 1 ? `process ${struck[0]} is` : `processes ${struck.join(', ')} are`;
  return {
    what: `${which} stopped (state T) in the list of the engine's host`,
    facts: { pids: [...stopped] },
  };
}

export default defineContainerFault({
  about:
    'the process hangs: connections stay open and nothing answers, and a health check can see it and act',
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: ({ service }) => hang(service),
});
