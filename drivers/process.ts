import { pollUntil, systemClock } from '../core/clock.ts';
import type { Abilities, Inflicted, Undo } from '../core/abilities.ts';
import type { Service, ServiceState } from '../core/service.ts';
import { hang } from './hang.ts';
import { partition } from './partition.ts';

const recoverMs = 30_000;
const lookEveryMs = 20;
const noticeMs = 3_000;

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

/**
 * Faults that every container can suffer, whatever runs in it. The witness of those of its process is the
 * engine's own account of the process, not the call that broke it.
 */
export function processAbilities(
  service: Service,
): Pick<Abilities, 'crash' | 'pause' | 'hang' | 'stop' | 'partition'> {
  type Seen = (before: ServiceState, now: ServiceState) => ReturnType<typeof processGone>;
  const broken = async (
    name: string,
    act: () => Promise<void>,
    seen: Seen,
    stays?: Seen,
  ): Promise<Inflicted> => {
    const before = await service.state();
    await act();
    const killed = name === 'crash' ? before : null;
    return {
      facts: { pid: before.pid, startedAt: before.startedAt },
      witness: async () => seen(before, await service.state()),
      ...(stays ? { stillThere: async () => stays(before, await service.state()) } : {}),
      undo: startAgain(service, `undo ${name} of`, () => killed),
    };
  };
  return {
    crash: () => broken('crash', () => service.signalFromHost('SIGKILL'), processGone),
    stop: () =>
      broken(
        'stop',
        () => service.stop(),
        processGone,
        (before, now) => (now.status === 'running' ? null : processGone(before, now)),
      ),
    hang: () => hang(service),
    partition: (direction) => partition(service, direction),
    pause: () => broken('pause', () => service.pause(), frozen, frozen),
  };
}

const frozen = (before: ServiceState, now: ServiceState): ReturnType<typeof processGone> =>
  now.status === 'paused'
    ? {
        what: `process ${before.pid} is frozen: the engine reports ${now.status}`,
        facts: { pid: now.pid, status: now.status },
      }
    : null;
