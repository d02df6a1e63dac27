import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { systemClock, type Clock } from '../../core/clock.ts';
import type { BegunWith } from '../../core/begun-with.ts';
import type { Attached, Driver } from '../../core/driver.ts';
import type { Endpoint, Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import type { MysqlConfig } from '../../drivers/mysql/config.ts';
import mysqlDriver from '../../drivers/mysql/index.ts';
import type { MysqlSystem } from '../../drivers/mysql/system.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { bystanders } from './bystanders.ts';
import { wantsTls, withSession, type Session } from '../../drivers/mysql/session.ts';
import { attachTo } from '../support/attach-to.ts';

/** The server of `mysql.compose.yml`, or of that of a fork, and what the tests need of it. */
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

export const mysqlStackUp = (): Promise<MysqlStack> => stackUp('mysql', mysqlDriver);

/** `name`: of the service, of its variables in capitals, and of the compose file, where none is named. */
export async function stackUp(
  name: 'mysql' | 'mariadb',
  driver: Driver<MysqlConfig, MysqlSystem>,
  composeFile = name as string,
): Promise<MysqlStack> {
  const file = fileURLToPath(new URL(`../fixtures/${composeFile}.compose.yml`, import.meta.url));
  const variable = name.toUpperCase();
  const drill = `${name}-test-${randomBytes(3).toString('hex')}`;
  const environment: Record<string, string> = {
    [`${variable}_ROOT_PASSWORD`]: randomBytes(12).toString('hex'),
    [`${variable}_PASSWORD`]: randomBytes(12).toString('hex'),
  };
  const progress = (): void => undefined;
  const stack: Stack = await createStackProvider({ progress }).up({ file, drill, environment, progress });
  const service = stack.services.get(name)!;
  const password = environment[`${variable}_ROOT_PASSWORD`]!;
  const asRoot = { service, password, config: driver.config.parse({}) };
  const tls = await wantsTls(asRoot);
  const session = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    withSession({ ...asRoot, tls }, work);
  const notes: string[] = [];
  const beganWith: BegunWith[] = [];
  return {
    service,
    notes,
    beganWith,
    password,
    others: () => bystanders(drill, stack.services, name),
    attach: (
      config = {},
      over = service,
      clients = () => stack.services.get('toxiproxy')!.endpoint(3306),
      clock = systemClock,
    ) =>
      attachTo(driver, {
        component: name,
        service: over,
        clients,
        peer: (other) => stack.services.get(other)!,
        clock,
        config: driver.config.parse(config),
        secret: (secret) => environment[secret]!,
        own: (said) => over.env[said] || null,
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
