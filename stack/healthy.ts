import { pollUntil } from '../core/clock.ts';
import { environmentError } from '../core/errors.ts';
import { masked, secretsIn } from '../core/masking.ts';
import type { Service, ServiceState } from '../core/service.ts';
import { isListening } from './listening.ts';
import type { Inspection } from './runtime.ts';
import type { DrillSite } from './drill-site.ts';

const lookEveryMs = 100;
/** An exec costs a busy machine a tenth of a second. */
const askEveryMs = 500;
/** How often the check is asked all the same where nobody listens at a published port. */
const askUnheardEveryMs = 2_000;
const nanosecondsPerMs = 1_000_000;
const timeoutDefaultMs = 30_000;

/**
 * Waits until the container runs and is healthy. Docker asks only once every interval, the first time after
 * one: a recovery would seem to take that much longer than it does. So whoever waits asks the same declared
 * check, and again, until either of the two has seen it pass: as soon as somebody listens at a port that the
 * service publishes, at once where it publishes none. Environment error at the deadline, with the container's
 * last lines.
 */
export async function waitHealthy(
  site: DrillSite,
  service: Service,
  check: DeclaredCheck | null,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<void> {
  let last: ServiceState | null = null;
  let askedMs = site.clock.nowMs();
  let heard = false;
  const isTurn = async (): Promise<boolean> => {
    const sinceMs = site.clock.nowMs() - askedMs;
    if (heard) return sinceMs >= askEveryMs;
    heard = (await isListening(service)) !== false;
    return heard || sinceMs >= askUnheardEveryMs;
  };
  const fine = await pollUntil(site.clock, { everyMs: lookEveryMs, deadlineMs, signal }, async () => {
    last = await service.state();
    if (last.status !== 'running') return false;
    if (last.health === null || last.health === 'healthy') return true;
    if (!check || !(await isTurn())) return false;
    const passed = await service
      .exec(check.argv, { deadlineMs: Math.min(check.timeoutMs, deadlineMs), ...(signal ? { signal } : {}) })
      .then(
        ({ code }) => code === 0,
        () => false,
      );
    askedMs = site.clock.nowMs();
    return passed;
  });
  if (fine) return;
  const { status, health, exitCode } = last!;
  const state = [
    status,
    ...(health ? [health] : []),
    ...(exitCode === null ? [] : [`exit code ${exitCode}`]),
  ];
  const lines = await service.logs(10).catch(() => '(no logs)');
  throw environmentError(`${service.name} did not become healthy within ${deadlineMs} ms`, {
    found: `${state.join(', ')}; its last lines:\n${masked(lines, [...site.secrets, ...secretsIn(service.env)])}`,
    expected: 'running and, where a health check is declared, healthy',
  });
}

export interface DeclaredCheck {
  argv: string[];
  timeoutMs: number;
}

/**
 * As in the engine API's HealthConfig: CMD and its arguments, or CMD-SHELL and a line for the image's shell;
 * durations in ns. Null where there is none.
 */
export function checkOf({ Config }: Inspection): DeclaredCheck | null {
  const { Test: [kind, ...rest] = [], Timeout = 0 } =
    (Config as { Healthcheck?: { Test?: string[]; Timeout?: number } }).Healthcheck ?? {};
  const timeoutMs = Timeout > 0 ? Timeout / nanosecondsPerMs : timeoutDefaultMs;
  if (kind === 'CMD' && rest.length > 0) return { argv: rest, timeoutMs };
  if (kind === 'CMD-SHELL' && rest.length === 1) return { argv: ['/bin/sh', '-c', rest[0]!], timeoutMs };
  return null;
}
