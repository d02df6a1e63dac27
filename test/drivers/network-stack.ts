import { fileURLToPath } from 'node:url';
import type { Attached, AnyDriver } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { createRunEnvironment } from '../../stack/run-environment.ts';
import { bystanders } from './bystanders.ts';
import { leftOf, uniqueDrill } from '../stack/small-stack.ts';
import { attachTo } from '../support/attach-to.ts';

const file = fileURLToPath(new URL('../fixtures/network.compose.yml', import.meta.url));

type Name = 'redis' | 'proxy' | 'toxiproxy' | 'elsewhere';

/** The servers of `network.compose.yml`. */
export interface NetworkStack {
  drill: string;
  environment: Record<string, string>;
  service(name: Name): Service;
  /** Everything of the drill but that server. */
  others(name: Name): Promise<unknown>;
  attach(driver: AnyDriver, name: Name, service?: Service, config?: object): Promise<Attached>;
  /** Takes everything down and gives what is left all the same. */
  down(): Promise<string[]>;
}

export async function networkStackUp(name: string): Promise<NetworkStack> {
  const drill = uniqueDrill(name);
  const { environment } = await createRunEnvironment();
  const progress = (): void => undefined;
  const stack = await createStackProvider({ progress }).up({ file, drill, environment, progress });
  const service: NetworkStack['service'] = (one) => stack.services.get(one)!;
  const ways = { redis: 6379, proxy: 8443, toxiproxy: 8474, elsewhere: 8474 };
  return {
    drill,
    environment,
    service,
    others: (one) => bystanders(drill, stack.services, one),
    attach: (driver, one, over = service(one), config = {}) =>
      attachTo(driver, {
        component: one,
        service: over,
        config: driver.config.parse(config),
        clients: () => service('toxiproxy').endpoint(ways[one]),
        peer: (other) => service(other as Name),
        seed: 7,
        secret: (secret) => environment[secret]!,
      }),
    down: async () => {
      await stack.down();
      return (await leftOf(drill)).map((each) => each.name);
    },
  };
}
