import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import type { AnyDriver, Attached } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import mysqlDriver from '../../drivers/mysql/index.ts';
import { serviceNamed } from '../../engine/drill-environment.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { leftOf, uniqueDrill } from '../stack/small-stack.ts';
import { late } from '../support/server-rig.ts';
import { withSession, type Session } from '../../drivers/mysql/session.ts';
import { attachTo } from '../support/attach-to.ts';

const file = fileURLToPath(new URL('../fixtures/replicas.compose.yml', import.meta.url));

/** The servers of `replicas.compose.yml`. */
export interface ReplicaStack {
  service(name: string): Service;
  attach(driver: AnyDriver, name: string): Promise<Attached>;
  /** Runs statements as root, straight at a server. Gives the last one's rows. */
  sql(name: string, ...statements: string[]): Promise<Record<string, string>[]>;
  /** A session of root's own at a server, for as long as the work takes. */
  session(name: string, work: (session: Session) => Promise<void>): Promise<void>;
  /** Every secret that was made for it. */
  secrets: string[];
  /** Takes everything down and gives what is left all the same. */
  down(): Promise<string[]>;
}

async function replicaStackUp(): Promise<ReplicaStack> {
  const drill = uniqueDrill('replicas');
  const environment: Record<string, string> = {
    MYSQL_ROOT_PASSWORD: randomBytes(12).toString('hex'),
    MYSQL_PASSWORD: randomBytes(12).toString('hex'),
  };
  const progress = (): void => undefined;
  const stack = await createStackProvider({ progress }).up({ file, drill, environment, progress });
  const service = (name: string): Service => stack.services.get(name)!;
  const attached = new Set<Attached>();
  const ways: Record<string, number> = { mysql: 3306, redis: 6379, toxiproxy: 8474 };
  const session = <T>(name: string, work: (session: Session) => Promise<T>): Promise<T> =>
    withSession(
      {
        service: service(name),
        password: environment['MYSQL_ROOT_PASSWORD']!,
        config: mysqlDriver.config.parse({}),
      },
      work,
    );
  return {
    service,
    session,
    attach: async (driver, name) => {
      const one = await attachTo(driver, {
        component: name,
        service: service(name),
        peer: service,
        named: async (host) => {
          const found = await serviceNamed(stack.services, host);
          return found === null ? null : service(found);
        },
        attached: () => [...attached],
        clients: () =>
          name in ways ? service('toxiproxy').endpoint(ways[name]!) : service(name).endpoint(driver.port),
        secret: (secret) => environment[secret]!,
      });
      attached.add(one);
      const { close } = one;
      one.close = () => {
        attached.delete(one);
        return close();
      };
      return one;
    },
    sql: (name, ...statements) =>
      session(name, async ({ rows }) => {
        let last: Record<string, string>[] = [];
        for (const statement of statements) last = await rows(statement);
        return last;
      }),
    secrets: Object.values(environment),
    down: async () => {
      await stack.down();
      return (await leftOf(drill)).map((each) => each.name);
    },
  };
}

/** One stack for all tests of a file. Taken down after them, with nothing left of it. */
export function replicaStack(): ReplicaStack {
  let stack: ReplicaStack | undefined;
  beforeAll(async () => {
    stack = await replicaStackUp();
  }, 180_000);
  afterAll(async () => {
    expect(await stack?.down()).toEqual([]);
  }, 120_000);
  return late(() => stack!);
}
