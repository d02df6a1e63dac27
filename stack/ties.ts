import type { HostRules } from '../core/stack.ts';
import type { ComposeConfig } from './compose.ts';

/** What of a resolved compose file says where on the host something is. */
interface Placed {
  network_mode?: string;
}

/**
 * Whether two stacks of this compose file reach for the same thing of the host: its network, or what the
 * strategy allows by name. Ports, subnets and names are each drill's own.
 */
export function isTiedToHost(config: ComposeConfig, { access }: Pick<HostRules, 'access'>): boolean {
  const services = Object.values(config.services) as Placed[];
  return Object.keys(access).length > 0 || services.some(({ network_mode: mode = '' }) => mode === 'host');
}

/** The stack before this one, from when on it is asked about: whether it is still there is known by then. */
export function formerOf(work: Promise<unknown> | undefined): {
  /**
   * Waits until it is gone, and says so where it is still there. Rejects with the signal's reason when that
   * is aborted first.
   */
  gone(say: (text: string) => void, signal: AbortSignal | undefined): Promise<void>;
} {
  let isThere = work !== undefined;
  const over = (): void => void (isThere = false);
  const going = work?.then(over, over);
  return {
    gone: async (say, signal) => {
      signal?.throwIfAborted();
      if (!isThere) return;
      say('waiting until the stack before is gone: both reach for the same thing of the host');
      const ended = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      await Promise.race([going, ended]);
    },
  };
}
