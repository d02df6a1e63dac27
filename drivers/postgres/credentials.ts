import type { ConnectionOptions } from 'node:tls';
import { pollUntil } from '../../core/clock.ts';
import type { AttachContext } from '../../core/driver.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Service } from '../../core/service.ts';
import type { PostgresConfig } from './config.ts';
import { withSession, type Reach } from './server.ts';
import { serverCode } from './session.ts';

/**
 * Who goes in and into which database: what the strategy says, else what the service's own environment says,
 * as the official image means it (`…_FILE` names a file in the container, without the newlines at its end).
 */
export async function reachOf(context: AttachContext<PostgresConfig>): Promise<Reach> {
  const { service, config } = context;
  const user = config.user ?? (await said(service, 'POSTGRES_USER')) ?? 'postgres';
  const database = config.database ?? (await said(service, 'POSTGRES_DB')) ?? user;
  const password =
    config.passwordFrom === undefined
      ? await said(service, 'POSTGRES_PASSWORD')
      : context.secret(config.passwordFrom);
  if (password === null && service.env['POSTGRES_HOST_AUTH_METHOD'] !== 'trust')
    throw environmentError(`nothing says the password of ${user} at ${service.name}`, {
      found: 'neither POSTGRES_PASSWORD nor POSTGRES_PASSWORD_FILE in the environment of the service',
      expected: 'one of them, or config.passwordFrom',
    });
  if (config.tls) {
    const tls = { ca: context.secret(config.tls.caFrom), servername: config.tls.name };
    const verified = { service, database, account: { user, password, tls } };
    await untilItSpeaks(context, verified);
    return verified;
  }
  const plain: Reach = { service, database, account: { user, password, tls: null } };
  await untilItSpeaks(context, plain);
  return (await wantsTls(plain)) ? { ...plain, account: { ...plain.account, tls: unverified } } : plain;
}

/** The connection goes to the drill's own container, by way of this machine alone. */
const unverified: ConnectionOptions = { rejectUnauthorized: false };

const speaksMs = 120_000;
const notYet = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'];
const startingUp = '57P03';

/**
 * A service without a health check counts as up before its server is: an empty cluster is made first, which
 * takes seconds. Whatever the server itself says, a refusal too, ends the waiting; and so does its end, after
 * which whoever goes in says what is wrong.
 */
const untilItSpeaks = ({ clock }: AttachContext<PostgresConfig>, reach: Reach): Promise<unknown> =>
  pollUntil(clock, { everyMs: 100, deadlineMs: speaksMs }, () =>
    withSession(reach, async () => true).catch((error: unknown) => {
      const code = serverCode(error);
      if (code !== null) return code !== startingUp;
      return !(
        notYet.includes((error as { code?: string }).code ?? '') ||
        /terminated unexpectedly|timeout expired/.test(messageOf(error))
      );
    }),
  );

/** The variable, or the file that it names; null where there is neither. */
async function said(service: Service, name: string): Promise<string | null> {
  const value = service.env[name];
  const file = service.env[`${name}_FILE`];
  if (value) return value;
  if (!file) return null;
  const { code, stdout, stderr } = await service.exec(['cat', file], { deadlineMs: 30_000 });
  if (code !== 0)
    throw environmentError(`${name}_FILE of ${service.name} cannot be read`, {
      found: stderr.trim() || `code ${code}`,
      expected: file,
    });
  return stdout.replace(/\n+$/, '');
}

/** `pg_hba.conf rejects connection …, no encryption`. */
const wantsTls = async (reach: Reach): Promise<boolean> => {
  try {
    await withSession(reach, async () => undefined);
    return false;
  } catch (error) {
    return serverCode(error) === '28000' && /no (?:encryption|SSL)/i.test(messageOf(error));
  }
};
