import type { Clock } from '../core/clock.ts';
import type { StackProvider } from '../core/stack.ts';

export interface StackProviderOptions {
  /** Told of what takes long outside a drill's own progress, such as building images. */
  progress(line: string): void;
  /** Who owns the drills, as in owner.ts. Default: this process. */
  owner?: string;
  /** Where the reference application begins. Default: fixtures/app/main.ts. */
  appEntry?: string;
  clock?: Clock;
  /** False: nothing is kept for later drills, and nothing taken that an earlier one kept. Default: true. */
  snapshots?: boolean;
  healthDeadlineMs?: number;
  /** Whether stacks are brought up once all is planned: what that takes is loaded while Compose reads. */
  soon?: boolean;
}

/** Half a second of a processor. */
const loadRuntime = (): void => void import('testcontainers').catch(() => undefined);

/**
 * Stacks as Docker Compose projects named `muster-<drill>`, on the engine that testcontainers finds. Loaded
 * when there is one: a drill without containers, and a scenario that is refused, wait for nothing of it.
 */
export const createStackProvider = (options: StackProviderOptions): StackProvider => ({
  describe: async (file) => (await (await import('./compose-file.ts')).describeComposeFile(file)).description,
  contain: async (asked) =>
    (await import('./plan-containment.ts')).containAhead(asked, options.soon ? loadRuntime : undefined),
  up: async (up) => (await import('./bring-up.ts')).bringUp(options, up),
});
