import { environmentError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';

/** A process may begin others while it is being stopped: so often is looked whether one runs. */
const looks = 20;

/**
 * Stops every process of the service by SIGSTOP: its first one alone may be a shell, or an init, beside which
 * the server goes on. Gives their PIDs on the engine's host. Rejects, with all of them let go, when some run
 * on.
 */
export async function freeze(service: Service): Promise<number[]> {
  // Where the engine has put its own init before the service's first process, that is not among them.
  const { pid: first } = await service.state();
  const struck = new Set<number>();
  let running: number[] = [];
  for (let look = 0; look < looks; look += 1) {
    for (const pid of await service.signalEach('SIGSTOP')) struck.add(pid);
    running = (await service.processes())
      .filter(({ pid, stopped }) => !stopped && pid !== first)
      .map(({ pid }) => pid);
    if (running.length === 0) return [...struck];
  }
  await service.signalEach('SIGCONT');
  throw environmentError(`${service.name} cannot be stopped as a whole`, {
    found: `processes ${running.join(', ')} run on`,
    expected: 'every process stopped (state T) in the list of the engine',
  });
}

/** Does something to what the service keeps while it is frozen, and kills it, however that went. */
export async function frozenAndKilled<T>(service: Service, work: () => Promise<T>): Promise<T> {
  await freeze(service);
  try {
    return await work();
  } finally {
    await service.signalFromHost('SIGKILL');
  }
}
