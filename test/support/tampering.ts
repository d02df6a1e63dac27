import type { Readable } from 'node:stream';
import type { AnyDriver } from '../../core/driver.ts';
import type { Registries } from '../../core/registries.ts';
import type { Stack, StackProvider } from '../../core/stack.ts';
import type { RepositoryFactory } from '../../engine/drill-context.ts';

/**
 * Where a test may put its hand in: the real stack of the drill, its secrets, and the folder of its directory
 * stores.
 */
export interface Scene {
  readonly stack: Stack;
  readonly environment: Record<string, string>;
  readonly storesFolder: string;
}

/**
 * What a test does to a drill while it runs. Everything else is the product, unchanged; the drill waits for
 * each of these.
 */
export interface Tampering {
  /** The stack is up; nothing is attached yet. */
  up?(scene: Scene): Promise<void>;
  /** Before the recovery point of this number is begun, from 1. */
  backup?(scene: Scene, number: number): Promise<void>;
  /** The content of a file of that point, on its way to the stores. */
  content?(scene: Scene, number: number, content: Readable): Readable;
  /** A recovery step is about to fetch its recovery point. */
  fetch?(scene: Scene): Promise<void>;
  /** The recovery is over, and the records are about to be read back. */
  readBack?(scene: Scene): Promise<void>;
}

export function meddledProvider(provider: StackProvider, up: (stack: Stack) => Promise<void>): StackProvider {
  return {
    describe: (file, overrides) => provider.describe(file, overrides),
    contain: (options) => provider.contain(options),
    up: async (options) => {
      const stack = await provider.up(options);
      try {
        await up(stack);
        return stack;
      } catch (error) {
        await stack.down();
        throw error;
      }
    },
  };
}

export function meddledRepository(
  make: RepositoryFactory,
  tampering: Tampering,
  scene: () => Scene,
): RepositoryFactory {
  return (options) => {
    const repository = make(options);
    let number = 0;
    return {
      ...repository,
      begin: async (spec) => {
        number += 1;
        const mine = number;
        await tampering.backup?.(scene(), mine);
        const writer = await repository.begin(spec);
        const put: typeof writer.put = (name, content) =>
          writer.put(name, tampering.content?.(scene(), mine, content) ?? content);
        return {
          id: writer.id,
          put,
          commit: (consistency) => writer.commit(consistency),
          abort: () => writer.abort(),
        };
      },
      fetch: async (point, store, context) => {
        await tampering.fetch?.(scene());
        return repository.fetch(point, store, context);
      },
    };
  };
}

export function meddledRegistries(
  registries: Registries,
  tampering: Tampering,
  scene: () => Scene,
): Registries {
  const drivers = Object.entries(registries.drivers).map(([name, driver]): [string, AnyDriver] => [
    name,
    {
      ...driver,
      attach: async (context) => {
        const attached = await driver.attach(context);
        const { workload } = attached;
        if (!workload) return attached;
        return {
          ...attached,
          workload: {
            ...workload,
            readBack: async (emit) => {
              await tampering.readBack?.(scene());
              await workload.readBack(emit);
            },
          },
        };
      },
    },
  ]);
  return { ...registries, drivers: Object.fromEntries(drivers) };
}
