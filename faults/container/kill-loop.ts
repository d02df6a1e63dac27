import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { defineContainerFault, type ContainerTarget } from '../../core/fault.ts';
import type { Service, ServiceState } from '../../core/service.ts';
import { processGone, startAgain } from '../process.ts';

const lookEveryMs = 20;
/** The engine waits twice as long before each restart, up to a minute. */
const backoffMs = 90_000;

/**
 * A process that crashes again while it recovers: killed now, and again each time it has come up, `times` in
 * all; then the restart policy may win. The loop runs beside the drill until it has done that, or until the
 * undo ends it.
 */
async function killLoop(
  { service, clock }: ContainerTarget,
  { times }: { times: number },
): Promise<ActiveFault> {
  const before = await service.state();
  await service.signalFromHost('SIGKILL');
  const over = new AbortController();
  let struck = before;
  let kills = 1;
  const loop = killAgain(service, clock, {
    last: before,
    times: times - 1,
    signal: over.signal,
    onStruck: (one) => {
      struck = one;
      kills += 1;
    },
  });
  let goesOn = true;
  // What it fails for is reported by the undo; until then nobody waits for it.
  loop
    .catch(() => undefined)
    .finally(() => {
      goesOn = false;
    });
  const restart = startAgain(service, 'undo kill-loop of', () => struck);
  return {
    facts: { pid: before.pid, startedAt: before.startedAt, times },
    witness: async () => seen(before, await service.state(), times),
    stillThere: async () =>
      goesOn
        ? {
            what: `it was killed ${kills} times of ${times}, and will be again as soon as it is up`,
            facts: { kills, times },
          }
        : null,
    undo: {
      ...restart,
      deadlineMs: backoffMs,
      run: async () => {
        over.abort();
        const failure = await loop.then(
          () => null,
          (error: unknown) => error,
        );
        await restart.run();
        if (failure) throw failure;
      },
    },
  };
}

/** Rejects only for what is not explained by a process that went by itself between look and kill. */
async function killAgain(
  service: Service,
  clock: Clock,
  {
    last,
    times,
    signal,
    onStruck,
  }: { last: ServiceState; times: number; signal: AbortSignal; onStruck(one: ServiceState): void },
): Promise<void> {
  let known = last;
  for (let left = times; left > 0 && !signal.aborted; ) {
    const now = await service.state();
    if (now.status === 'running' && processGone(known, now)) {
      const struck = await service.signalFromHost('SIGKILL').then(
        () => true,
        async (error: unknown) => {
          if (processGone(now, await service.state())) return false;
          throw error;
        },
      );
      known = now;
      if (struck) {
        onStruck(now);
        left -= 1;
      }
    }
    await clock.sleep(lookEveryMs, signal).catch(() => undefined);
  }
}

/**
 * The engine counts restarts by itself. One that is killed once is restarted once: more than that is the
 * loop.
 */
function seen(before: ServiceState, now: ServiceState, times: number): Proof | null {
  const gone = processGone(before, now);
  const restarts = now.restarts - before.restarts;
  if (!gone || restarts < Math.min(times, 2)) return null;
  return {
    what: `${gone.what}; the engine has restarted it ${restarts} times since`,
    facts: { pidBefore: before.pid, pidAfter: now.pid, restartsSince: restarts, times },
  };
}

export default defineContainerFault({
  about: 'the process crashes again each time it has come up, before it may recover; restart policies act',
  params: z.strictObject({
    times: z.int().min(1).max(50).default(3).describe('How often it is killed, the first time included'),
  }),
  refuses: ({ restart }) =>
    restart === null
      ? 'it has no restart policy, so that after the first time there is nothing to kill'
      : null,
  askedAgain: true,
  witnessDeadlineMs: 60_000,
  inject: killLoop,
});
