import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { systemClock, type Clock } from '../../core/clock.ts';
import type { BegunWith } from '../../core/begun-with.ts';
import type { Attached } from '../../core/driver.ts';
import type { Endpoint, Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import mysqlDriver from '../../drivers/mysql/index.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { bystanders } from './bystanders.ts';
import { withSession, type Session } from '../../drivers/mysql/session.ts';

const file = fileURLToPath(new URL('../fixtures/mysql.compose.yml', import.meta.url));

/** The server of `mysql.compose.yml`, and what the tests need of it. */
export interface MysqlStack {
  service: Service;
  password: string;
  /** What the driver has noted, oldest first. */
  notes: string[];
  /** What its restores began with, oldest first. */
  beganWith: BegunWith[];
  /** Everything of the drill but that server. */
  others(): Promise<unknown>;
  /** `clients`: their way in; through the proxy by default. */
  attach(
    config?: Record<string, unknown>,
    service?: Service,
    clients?: () => Promise<Endpoint>,
    clock?: Clock,
  ): Promise<Attached>;
  /** Runs statements as root, straight at the server. Gives the last one's rows. */
  sql(...statements: string[]): Promise<Record<string, unknown>[]>;
  down(): Promise<void>;
}

export async function mysqlStackUp(): Promise<MysqlStack> {
  const drill = `mysql-test-${randomBytes(3).toString('hex')}`;
  const environment: Record<string, string> = {
    MYSQL_ROOT_PASSWORD: randomBytes(12).toString('hex'),
    MYSQL_PASSWORD: randomBytes(12).toString('hex'),
  };
  const progress = (): void => undefined;
  const stack: Stack = await createStackProvider({ progress }).up({ file, drill, environment, progress });
  const service = stack.services.get('mysql')!;
  const password = environment['MYSQL_ROOT_PASSWORD']!;
  const session = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    withSession({ service, password, config: mysqlDriver.config.parse({}) }, work);
  const notes: string[] = [];
  const beganWith: BegunWith[] = [];
  return {
    service,
    notes,
    beganWith,
    password,
    others: () => bystanders(drill, stack.services, 'mysql'),
    attach: (
      config = {},
      over = service,
      clients = () => stack.services.get('toxiproxy')!.endpoint(3306),
      clock = systemClock,
    ) =>
      mysqlDriver.attach({
        component: 'mysql',
        service: over,
        clients,
        peer: (name) => stack.services.get(name)!,
        clock,
        seed: 1,
        config: mysqlDriver.config.parse(config),
        secret: (name) => environment[name]!,
        note: (text) => void notes.push(text),
        beganWith: (what) => void beganWith.push(what),
      }),
    sql: (...statements) =>
      session(async ({ rows }) => {
        let last: Record<string, unknown>[] = [];
        for (const statement of statements) last = await rows(statement);
        return last;
      }),
    down: () => stack.down(),
  };
}
