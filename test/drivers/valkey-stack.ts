import { fileURLToPath } from 'node:url';
import type { AnyDriver, Attached } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import valkeyDriver from '../../drivers/valkey/index.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { uniqueDrill } from '../stack/small-stack.ts';
import { bystanders } from './bystanders.ts';
import { attachTo } from '../support/attach-to.ts';

export type ValkeyName = 'valkey' | 'east' | 'redis';

/** The servers of `valkey.compose.yml`. */
export interface ValkeyStack {
  service(name: ValkeyName): Service;
  /** Everything of the drill but the first server. */
  others(): Promise<unknown>;
  attach(name: ValkeyName, over?: { driver?: AnyDriver; service?: Service }): Promise<Attached>;
  /** What a command says, given to the server inside its container. */
  cli(name: ValkeyName, ...words: string[]): Promise<string>;
  down(): Promise<void>;
}

export async function valkeyStackUp(): Promise<ValkeyStack> {
  const drill = uniqueDrill('valkey');
  const progress = (): void => undefined;
  const file = fileURLToPath(new URL('../fixtures/valkey.compose.yml', import.meta.url));
  const stack = await createStackProvider({ progress }).up({ file, drill, environment: {}, progress });
  const service = (name: string): Service => stack.services.get(name)!;
  return {
    service,
    others: () => bystanders(drill, stack.services, 'valkey'),
    attach: (name, { driver = valkeyDriver, service: over = service(name) } = {}) =>
      attachTo(driver, {
        component: name,
        service: over,
        clients: () => service(name).endpoint(driver.port),
        peer: service,
      }),
    cli: async (name, ...words) => (await service(name).exec(['redis-cli', ...words])).stdout.trim(),
    down: () => stack.down(),
  };
}
