import { pollUntil, systemClock, type Clock } from '../core/clock.ts';
import type { ActiveFault, Undo } from '../core/active-fault.ts';
import type { Service, ServiceState } from '../core/service.ts';

const recoverMs = 30_000;
const lookEveryMs = 20;
const noticeMs = 3_000;
const liftDeadlineMs = 20_000;

/**
 * Undo of anything that took the process away: start it if nothing else did. Under load the engine calls a
 * process running for a while after it was killed: for as long as that lasts, what `killed` tells is not
 * taken for one that runs again.
 */
export function startAgain(
  service: Service,
  name: string,
  killed: () => ServiceState | null = () => null,
): Undo {
  let survived = false;
  const running = (now: ServiceState): boolean => {
    const before = survived ? null : killed();
    return now.status === 'running' && (before === null || processGone(before, now) !== null);
  };
  return {
    name: `${name} ${service.name}`,
    deadlineMs: recoverMs,
    run: async () => {
      const noticed = await pollUntil(
        systemClock,
        { everyMs: lookEveryMs, deadlineMs: noticeMs },
        async () => {
          const now = await service.state();
          return now.status !== 'running' || running(now) ? now : null;
        },
      );
      survived = noticed === null;
      const { status } = noticed ?? (await service.state());
      if (status === 'paused') await service.unpause();
      else if (status !== 'running' && status !== 'restarting') await service.start();
    },
    healed: async () => running(await service.state()),
  };
}

/** Proof that the process of `before` is gone: another one runs in its place, or none does. */
export function processGone(
  before: ServiceState,
  after: ServiceState,
): { what: string; facts: Record<string, number | string | null> } | null {
  const gone = after.status !== 'running' || after.pid !== before.pid || after.startedAt !== before.startedAt;
  if (!gone) return null;
  return {
    what: `process ${before.pid} is gone: the engine reports ${after.status}, process ${after.pid ?? 'none'}, ${after.restarts} restarts`,
    facts: { pidBefore: before.pid, pidAfter: after.pid, status: after.status, restarts: after.restarts },
  };
}

type Seen = (before: ServiceState, now: ServiceState) => ReturnType<typeof processGone>;

/**
 * What is done to the process of a service. The witness is the engine's own account of the process, not the
 * call that broke it. `stays`: what is seen of it as long as nobody recovered from it.
 */
export async function breakProcess(
  service: Service,
  name: 'crash' | 'stop' | 'pause',
  act: () => Promise<void>,
  { seen, stays }: { seen: Seen; stays?: Seen },
): Promise<ActiveFault> {
  const before = await service.state();
  await act();
  const killed = name === 'crash' ? before : null;
  return {
    facts: { pid: before.pid, startedAt: before.startedAt },
    witness: async () => seen(before, await service.state()),
    ...(stays ? { stillThere: async () => stays(before, await service.state()) } : {}),
    undo: startAgain(service, `undo ${name} of`, () => killed),
  };
}

/**
 * Lifts what limits a container. The engine refuses while that is between two lives, and one that is killed
 * at each start often is.
 */
export async function liftLimit(clock: Clock, lift: () => Promise<void>): Promise<void> {
  let last: unknown = null;
  const lifted = await pollUntil(clock, { everyMs: 100, deadlineMs: liftDeadlineMs }, async () => {
    try {
      await lift();
      return true;
    } catch (error) {
      last = error;
      return null;
    }
  });
  if (!lifted) throw last;
}
