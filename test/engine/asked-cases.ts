import type { ServiceState } from '../../core/service.ts';

/** A service that nothing is attached to: as it was before the fault, as it is at each look after it, and whether it stands. */
export interface AskedCase { name: string; before?: Partial<ServiceState>; now(look: number): Partial<ServiceState>; ready: boolean }

/** Every fourth look finds another start, up to a last one. */
const startsUpTo = (last: number) => (look: number): Partial<ServiceState> => ({
  startedAt: String(Math.min(look, last) >> 2), restarts: 1 + (Math.min(look, last) >> 2),
});
const healthy = { health: 'healthy' } as const;
const unhealthy = { health: 'unhealthy' } as const;

export const askedCases: AskedCase[] = [
  { name: 'is down', now: () => ({ status: 'exited', exitCode: 137 }), ready: false },
  { name: 'runs as before', now: () => ({}), ready: true },
  { name: 'is not there', now: () => ({ status: 'missing' }), ready: false },
  { name: 'was started anew once, and stays', now: () => ({ startedAt: '2', restarts: 1 }), ready: true },
  { name: 'is paused', now: () => ({ status: 'paused' }), ready: false },
  { name: 'becomes healthy while it is waited for', before: healthy, now: (look) => (look < 5 ? { health: 'starting' } : healthy), ready: true },
  { name: 'runs and is not healthy', before: healthy, now: () => unhealthy, ready: false },
  { name: 'is healthy as before', before: healthy, now: () => healthy, ready: true },
  { name: 'ends again and again, and runs for five seconds in between', now: startsUpTo(Infinity), ready: false },
  { name: 'was started again and again, and stays', now: startsUpTo(9), ready: true },
  { name: 'starts anew between any two looks', now: (look) => ({ startedAt: String(look) }), ready: false },
  { name: 'was never healthy', before: unhealthy, now: () => unhealthy, ready: true },
];

/** Of a component that nobody broke. */
export const besides = { ends: 'stands no more when the recovery is over', stands: 'stands as before' } as const;
