import { expect } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { Attached, CheckOutcome } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import type { Json } from '../../core/timeline.ts';

type Facts = Record<string, Json>;
export const act = async (
  component: Attached,
  action: string,
  params: Record<string, Json> = {},
): Promise<Facts> => (await component.actions[action]!(params)) as Facts;
export const judged = async (
  component: Attached,
  check: string,
  baseline: Json = null,
): Promise<CheckOutcome> => component.checks[check]!.after(baseline);
export const restart = async (service: Service): Promise<void> => {
  await service.stop(2);
  await service.start();
  await service.waitHealthy(60_000);
};
export const eventually = async (what: () => Promise<boolean>): Promise<void> =>
  expect(await pollUntil(systemClock, { everyMs: 50, deadlineMs: 30_000 }, what)).toBe(true);
