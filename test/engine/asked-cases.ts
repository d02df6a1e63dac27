import type { ServiceState } from '../../core/service.ts';

/**
 * A service that nothing is attached to: as it was before the fault, as it is at each look after it, and
 * whether it stands. `atFault`: as it was right before each fault, where that is something else;
 * `beforehand`: one of them is a circumstance that strikes it.
 */
export interface AskedCase {
  name: string;
  before?: Partial<ServiceState>;
  atFault?: Partial<ServiceState>;
  beforehand?: true;
  now(look: number): Partial<ServiceState>;
  /** Whether the check that it declares passes when it is asked. */
  passes?: (time: number) => boolean;
  /** The start that was seen running right after the recovery. */
  seen?: string;
  /** How long it may be looked at, at most; on a clock that passes only while somebody sleeps. */
  withinMs?: number;
  ready: boolean;
  says?: RegExp;
}

/** Every fourth look finds another start, up to a last one. */
const startsUpTo =
  (last: number) =>
  (look: number): Partial<ServiceState> => ({
    startedAt: String(Math.min(look, last) >> 2),
    restarts: 1 + (Math.min(look, last) >> 2),
  });
const healthy = { health: 'healthy' } as const;
const done = { status: 'exited', exitCode: 0 } as const;
const failed = { status: 'exited', exitCode: 1 } as const;
const unhealthy = { health: 'unhealthy' } as const;

export const askedCases: AskedCase[] = [
  { name: 'is down', now: () => ({ status: 'exited', exitCode: 137 }), ready: false },
  { name: 'runs as before', now: () => ({}), ready: true },
  { name: 'is not there', now: () => ({ status: 'missing' }), ready: false },
  { name: 'was started anew once, and stays', now: () => ({ startedAt: '2', restarts: 1 }), ready: true },
  { name: 'is paused', now: () => ({ status: 'paused' }), ready: false },
  {
    name: 'becomes healthy while it is waited for',
    before: healthy,
    now: (look) => (look < 5 ? { health: 'starting' } : healthy),
    ready: true,
  },
  { name: 'runs and is not healthy', before: healthy, now: () => unhealthy, ready: false },
  { name: 'is healthy as before', before: healthy, now: () => healthy, ready: true },
  {
    name: 'ends again and again, and runs for five seconds in between',
    now: startsUpTo(Infinity),
    ready: false,
  },
  { name: 'was started again and again, and stays', now: startsUpTo(9), ready: true },
  { name: 'starts anew between any two looks', now: (look) => ({ startedAt: String(look) }), ready: false },
  {
    name: 'ran at the fault, and is a job that has ended well since',
    now: () => done,
    ready: false,
    says: /job that ends by itself: name it under staysAway/,
  },
  {
    name: 'is a job that had ended well right before the fault, and is as it was',
    atFault: done,
    now: () => done,
    ready: true,
  },
  {
    name: 'had ended badly right before the fault',
    atFault: failed,
    now: () => failed,
    ready: false,
    says: /exited, code 1; before the fault: running$/,
  },
  {
    name: 'had ended badly once by the fault, and was started anew',
    atFault: failed,
    now: () => ({ startedAt: '2', restarts: 1 }),
    ready: true,
  },
  {
    name: 'was ended by a fault that is a circumstance, however well',
    beforehand: true,
    atFault: done,
    now: () => done,
    ready: false,
  },
  { name: 'was struck by a circumstance, and runs', beforehand: true, now: () => ({}), ready: true },
  {
    name: 'was started anew, passes its own check, and Docker has not asked yet',
    before: healthy,
    now: () => ({ startedAt: '2', health: 'starting' }),
    passes: () => true,
    ready: true,
    says: /^running, starting, and its check passes$/,
    withinMs: 1_000,
  },
  {
    name: 'was started anew before Docker had asked at all, and does not pass its own check',
    before: { health: 'starting' },
    now: () => ({ startedAt: '2', health: 'starting' }),
    passes: () => false,
    ready: false,
  },
  {
    name: 'was started anew and passes its own check at the third time',
    before: healthy,
    now: () => ({ startedAt: '2', health: 'starting' }),
    passes: (time) => time === 3,
    ready: true,
    withinMs: 2_000,
  },
  {
    name: 'was started anew while its check was asked, again and again',
    before: healthy,
    now: (look) => ({ startedAt: String(2 + look), health: 'starting' }),
    passes: () => true,
    ready: false,
  },
  {
    name: 'runs since the recovery, and need not be looked at for as long again',
    now: () => ({ startedAt: '2', restarts: 1 }),
    seen: '2',
    ready: true,
    withinMs: 0,
  },
  {
    name: 'runs since later than what was seen after the recovery, and is looked at for as long as any',
    now: (look) => (look < 9 ? { startedAt: '3', restarts: 2 } : { startedAt: '4', restarts: 3 }),
    seen: '2',
    ready: true,
    withinMs: 20_000,
  },
  { name: 'was never healthy', before: unhealthy, now: () => unhealthy, ready: true },
];

/** Of a component that nobody broke. */
export const besides = {
  ends: 'stands no more when the recovery is over',
  stands: 'stands as before',
} as const;
