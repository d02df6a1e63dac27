import type { StackProvider } from '../core/stack.ts';
import type { StackProviderOptions } from './provider-options.ts';

/** Half a second of a processor. */
const loadRuntime = (): void => void import('testcontainers').catch(() => undefined);

/**
 * Stacks as Docker Compose projects named `muster-<drill>`, on the engine that testcontainers finds. Loaded
 * when there is one: a drill without containers, and a scenario that is refused, wait for nothing of it.
 */
export const createStackProvider = (options: StackProviderOptions): StackProvider => ({
  filesOf: async (folder) => (await import('./compose-files.ts')).composeFilesOf(folder),
  describe: async (file, overrides) => (await import('./compose-ahead.ts')).describeAhead(file, overrides),
  contain: async (asked) =>
    (await import('./plan-containment.ts')).containAhead(asked, options.soon ? loadRuntime : undefined),
  up: async (up) => (await import('./bring-up.ts')).bringUp(options, up),
});
