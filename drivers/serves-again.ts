import { pollUntil, type Clock } from '../core/clock.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import type { Service } from '../core/service.ts';

const readyDeadlineMs = 120_000;

/** Starts a service whose data was restored, and waits for its health check, where it has one. */
export async function startRestored(service: Service, signal: AbortSignal): Promise<void> {
  await service.start();
  await service.waitHealthy(readyDeadlineMs, signal);
}

/**
 * What the server says of itself once it answers: without a health check its service counts as healthy before
 * that. Environment error with its last words where it never does.
 */
export async function onceItAnswers<Answer extends object>(
  { service, clock }: { service: Service; clock: Clock },
  ask: () => Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  let said = 'no answer';
  const now = await pollUntil(clock, { everyMs: 100, deadlineMs: readyDeadlineMs, signal }, () =>
    ask().catch((error: unknown) => {
      said = messageOf(error);
      return null;
    }),
  );
  if (now) return now;
  throw environmentError(`${service.name} does not answer after the restore`, {
    found: said,
    expected: `an answer within ${readyDeadlineMs / 1000} s`,
  });
}

/**
 * Waits until a server lets somebody in, for what is loaded into it as it stands: one that lost its folder
 * makes another one first, and the account with it. `ask` logs in; `kind`: what such an account is called
 * there. Environment error where it never does, with what must have made the account.
 */
export async function untilLetIn(
  { service, clock }: { service: Service; clock: Clock },
  { user, kind, expected }: { user: string; kind: string; expected: string },
  ask: () => Promise<object>,
  signal: AbortSignal,
): Promise<void> {
  const { status } = await service.state();
  if (status === 'paused') await service.unpause();
  if (status !== 'running') await startRestored(service, signal);
  await onceItAnswers({ service, clock }, ask, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw environmentError(`${service.name} does not let ${user} in`, {
      found: messageOf(error),
      expected,
      hint: `such a dump holds no ${kind}: what makes the server anew must make them`,
      cause: error,
    });
  });
}
