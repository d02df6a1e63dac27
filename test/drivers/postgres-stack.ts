import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Attached } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import postgresDriver from '../../drivers/postgres/index.ts';
import { withSession, type Session } from '../../drivers/postgres/server.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { bystanders } from './bystanders.ts';
import { attachTo } from '../support/attach-to.ts';

const usual = fileURLToPath(new URL('../fixtures/postgres.compose.yml', import.meta.url));

/** A server of a compose file, and what the tests need of it. */
export interface PostgresStack {
  service: Service;
  /** What the driver has noted, oldest first. */
  notes: string[];
  /** Everything of the drill but that server. */
  others(): Promise<unknown>;
  attach(config?: Record<string, unknown>, service?: Service): Promise<Attached>;
  /** Runs statements as the superuser, straight at the server. Gives the last one's rows. */
  sql(...statements: string[]): Promise<Record<string, unknown>[]>;
  /** The same in another database. */
  sqlIn(database: string, ...statements: string[]): Promise<Record<string, unknown>[]>;
  down(): Promise<void>;
}

export async function postgresStackUp(file = usual): Promise<PostgresStack> {
  const drill = `postgres-test-${randomBytes(3).toString('hex')}`;
  const environment: Record<string, string> = {
    POSTGRES_PASSWORD: `it's "${randomBytes(9).toString('hex')}`,
  };
  const progress = (): void => undefined;
  const stack: Stack = await createStackProvider({ progress }).up({ file, drill, environment, progress });
  const service = stack.services.get('postgres')!;
  const notes: string[] = [];
  const run = (database: string, statements: string[]): Promise<Record<string, unknown>[]> => {
    const account = { user: 'postgres', password: environment['POSTGRES_PASSWORD']!, tls: null };
    return withSession({ service, account, database }, async ({ rows }: Session) => {
      let last: Record<string, unknown>[] = [];
      for (const statement of statements) last = await rows(statement);
      return last;
    });
  };
  return {
    service,
    notes,
    others: () => bystanders(drill, stack.services, 'postgres'),
    attach: (config = {}, over = service) =>
      attachTo(postgresDriver, {
        component: 'postgres',
        service: over,
        clients: () => (stack.services.get('toxiproxy') ?? service).endpoint(5432),
        peer: (name) => stack.services.get(name)!,
        config: postgresDriver.config.parse(config),
        secret: (name) => environment[name]!,
        note: (text) => void notes.push(text),
      }),
    sql: (...statements) => run('app', statements),
    sqlIn: (database, ...statements) => run(database, statements),
    down: () => stack.down(),
  };
}
