import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { z } from 'zod';
import { environmentError } from '../../core/errors.ts';
import { defineContainerFault } from '../../core/fault.ts';
import type { Service } from '../../core/service.ts';
import { freeze } from '../frozen.ts';

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
  const pids = await freeze(service);
  // One that began meanwhile, such as a health check, runs on, and one that was struck may have ended.
  const struck = async (): ReturnType<Service['processes']> =>
    (await service.processes()).filter(({ pid }) => pids.includes(pid));
  const stillStopped = async (): Promise<number[]> =>
    (await struck()).filter(({ stopped }) => stopped).map(({ pid }) => pid);
  return {
    facts: { pids, startedAt: before.startedAt },
    witness: async () => {
      const now = await struck();
      return now.every(({ stopped }) => stopped) ? proofOf(now.map(({ pid }) => pid)) : null;
    },
    // Somebody may have ended some of them, or let them go on: the others are not recovered from.
    stillThere: async () => proofOf(await stillStopped()),
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

function proofOf(stopped: readonly number[]): Proof | null {
  if (stopped.length === 0) return null;
  const which = stopped.length === 1 ? `process ${stopped[0]} is` : `processes ${stopped.join(', ')} are`;
  return {
    what: `${which} stopped (state T) in the list of the engine's host`,
    facts: { pids: [...stopped] },
  };
}

export default defineContainerFault({
  about:
    'the process hangs: connections stay open and nothing answers, and a health check can see it and act',
  params: z.strictObject({}),
  askedAgain: true,
  witnessDeadlineMs: 30_000,
  inject: ({ service }) => hang(service),
});
