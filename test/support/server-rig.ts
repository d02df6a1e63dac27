import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Attached } from '../../core/driver.ts';
import { createReceiver, type Receiver } from '../suites/artifact.ts';

/** Stands for what a hook makes later, and for the next one once that is made anew. */
export const late = <T extends object>(now: () => T): T =>
  new Proxy({} as T, {
    get: (_, name) => Reflect.get(now(), name),
    set: (_, name, value) => Reflect.set(now(), name, value),
  });

/** One stack for all tests of a file, and the driver attached to it. Taken down after them. */
export function oneServer<Stack extends { down(): Promise<void> }>(
  up: () => Promise<Stack>,
  attach: (stack: Stack) => Promise<Attached>,
): { stack: Stack; attached: Attached } {
  let stack: Stack | undefined;
  let attached: Attached | undefined;
  beforeAll(async () => {
    stack = await up();
    attached = await attach(stack);
  });
  afterAll(async () => {
    await attached?.close();
    await stack?.down();
  });
  return { stack: late(() => stack!), attached: late(() => attached!) };
}

/** What a driver's own code works on, of a system that it attached. */
export const siteOf = <Site>(attached: Attached): Site => (attached as Attached & { site: Site }).site;

/** An empty receiver for each test. */
export function oneReceiver(): Receiver {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await createReceiver();
  });
  afterEach(() => receiver.remove());
  return late(() => receiver);
}
