import type { ComposeConfig } from './compose.ts';
import { longMs } from './deadline.ts';
import { systemClock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import type { DrillSite } from './drill-site.ts';

const startedEveryMs = 100;

/**
 * An interrupted start is cut short by removing what it made, and removed again once Compose has given up.
 */
export async function started(
  start: () => Promise<void>,
  down: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const upping = withDeadline(
    systemClock,
    'starting the services',
    longMs,
    start(),
    'an image that is pulled or built may take that long: have it made first, by `docker compose pull` or `build`',
  );
  if (!signal) return upping;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    await Promise.race([upping, aborted]);
    signal.throwIfAborted();
  } catch (error) {
    if (signal.aborted) await Promise.allSettled([down(), upping]);
    throw error;
  }
}

/**
 * Compose's client goes on for a while when everything that it starts has been started: what there is to wait
 * for then is waited for meanwhile. Settles when both have. `upped`: whether the start is over.
 */
export async function startedAndReady<T>(
  start: (signal: AbortSignal | undefined) => Promise<void>,
  readied: (signal: AbortSignal, upped: () => boolean) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const failed = new AbortController();
  let over = false;
  const upping = start(signal).then(
    () => void (over = true),
    (error: unknown) => {
      failed.abort(error);
      throw error;
    },
  );
  const both = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]);
  const [upped, ready] = await Promise.allSettled([upping, readied(both, () => over)]);
  if (upped.status === 'rejected') throw upped.reason;
  if (ready.status === 'rejected') throw ready.reason;
  return ready.value;
}

/** Waits until every service has a container that was started, or until the start is over. */
export async function untilAllStarted(
  site: DrillSite,
  project: string,
  config: ComposeConfig,
  signal: AbortSignal,
  upped: () => boolean,
): Promise<void> {
  const docker = site.runtime.container.dockerode;
  const filters = { label: [`com.docker.compose.project=${project}`] };
  while (!upped()) {
    const found = await docker.listContainers({ all: true, filters });
    const started = (name: string): boolean =>
      found.some(({ Labels, State }) => Labels['com.docker.compose.service'] === name && State !== 'created');
    if (Object.keys(config.services).every(started)) return;
    await site.clock.sleep(startedEveryMs, signal);
  }
}
