import { randomBytes } from 'node:crypto';
import { knownPassword } from './known-password.ts';
import { projectEnvironment } from './project-environment.ts';

/**
 * Everything secret that one run of the reference stack needs, made anew: passwords of 192 random bits, and a
 * server certificate for `localhost`, `proxy` and 127.0.0.1 signed by an authority of this run alone, whose
 * key is forgotten here. `ca` is the authority's certificate in PEM: what a client has to trust. Beside the
 * right certificate there are an expired one and a wrong one for the same key: what a drill puts in its
 * place.
 */
export async function createRunEnvironment(): Promise<{ environment: Record<string, string>; ca: string }> {
  const { certificate, expired, wrong, key, ca } = await (
    await import('./certificates.ts')
  ).createCertificates();
  const secret = (): string => randomBytes(24).toString('base64url');
  const environment = {
    MYSQL_ROOT_PASSWORD: secret(),
    MYSQL_PASSWORD: secret(),
    [knownPassword]: secret(),
    POSTGRES_PASSWORD: secret(),
    TOKEN_SECRET: secret(),
    ADMIN_TOKEN: secret(),
    S3_ACCESS_KEY: randomBytes(10).toString('hex').toUpperCase(),
    S3_SECRET_KEY: secret(),
    MUSTER_TLS_CERT: certificate,
    MUSTER_TLS_CERT_EXPIRED: expired,
    MUSTER_TLS_CERT_WRONG: wrong,
    MUSTER_TLS_KEY: key,
    MUSTER_TLS_CA: ca,
  };
  return { environment, ca };
}

/**
 * What a drill has of secrets: `generated` for this run, for each name that the compose file asks for and
 * that has no value; `project` as Compose resolves the rest, of its `.env` and of the environment of this
 * process. Never recorded.
 */
export interface RunSecrets {
  generated: Record<string, string>;
  project: Record<string, string>;
}

/**
 * The secrets for a stack of that compose file; for none nothing is generated but the backup key, because a
 * name means what the user has set there. A backup key of the user's own opens the backups later as well; a
 * generated one is forgotten with the drill.
 */
export async function secretsFor(
  stackFile: string | null,
  overrides: readonly string[] = [],
): Promise<RunSecrets> {
  const { values, wanting } =
    stackFile === null ? { values: {}, wanting: [] } : await projectEnvironment(stackFile, overrides);
  const key = process.env[backupKey] || values[backupKey] || randomBytes(32).toString('hex');
  if (stackFile === null) return { generated: { [backupKey]: key }, project: values };
  const { environment: all } = await createRunEnvironment();
  const generated = Object.entries(all).filter(
    ([name]) => mustersNames.includes(name as (typeof mustersNames)[number]) || wanting.includes(name),
  );
  for (const name of wanting) if (!all[name]) generated.push([name, randomBytes(24).toString('base64url')]);
  return { generated: { ...Object.fromEntries(generated), [backupKey]: key }, project: values };
}

const backupKey = 'MUSTER_BACKUP_KEY';

/** Names that a drill always has a value of its own for. */
export const mustersNames = [
  'MUSTER_TLS_CERT',
  'MUSTER_TLS_CERT_EXPIRED',
  'MUSTER_TLS_CERT_WRONG',
  'MUSTER_TLS_KEY',
  'MUSTER_TLS_CA',
  knownPassword,
  backupKey,
] as const;
