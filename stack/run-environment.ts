import { randomBytes } from 'node:crypto';
import { knownPassword } from './known-password.ts';
import { projectEnvironment } from './project-environment.ts';
import { projectFiles } from './project-files.ts';

/**
 * Everything secret that one run of the reference stack needs, made anew: passwords of 192 random bits, and a
 * server certificate for `localhost`, `proxy` and 127.0.0.1 signed by an authority of this run alone, whose
 * key is forgotten here. `ca` is the authority's certificate in PEM: what a client has to trust. Beside the
 * right certificate there are an expired one and a wrong one for the same key: what a drill puts in its
 * place.
 */
export async function createRunEnvironment(): Promise<{ environment: Record<string, string>; ca: string }> {
  const certificates = await createCertificates();
  return { environment: { ...createPasswords(), ...certificates }, ca: certificates.MUSTER_TLS_CA };
}

function createPasswords(): Record<string, string> {
  const secret = (): string => randomBytes(24).toString('base64url');
  return {
    MYSQL_ROOT_PASSWORD: secret(),
    MYSQL_PASSWORD: secret(),
    [knownPassword]: secret(),
    POSTGRES_PASSWORD: secret(),
    TOKEN_SECRET: secret(),
    ADMIN_TOKEN: secret(),
    S3_ACCESS_KEY: randomBytes(10).toString('hex').toUpperCase(),
    S3_SECRET_KEY: secret(),
  };
}

async function createCertificates(): Promise<Record<(typeof tlsNames)[number], string>> {
  const made = await (await import('./certificates.ts')).createCertificates();
  return {
    MUSTER_TLS_CERT: made.certificate,
    MUSTER_TLS_CERT_EXPIRED: made.expired,
    MUSTER_TLS_CERT_WRONG: made.wrong,
    MUSTER_TLS_KEY: made.key,
    MUSTER_TLS_CA: made.ca,
  };
}

/** Nobody has a use for certificates but who serves them; what a file takes in from elsewhere may. */
async function asksForCertificates(files: readonly string[]): Promise<boolean> {
  const { files: read } = await projectFiles(files);
  return read.some(({ text }) => /MUSTER_TLS_|\b(?:include|extends)["']?\s*:/.test(text));
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
  const all: Record<string, string> = {
    ...createPasswords(),
    ...((await asksForCertificates([stackFile, ...overrides])) ? await createCertificates() : {}),
  };
  const generated = Object.entries(all).filter(
    ([name]) => mustersNames.includes(name as (typeof mustersNames)[number]) || wanting.includes(name),
  );
  for (const name of wanting) if (!all[name]) generated.push([name, randomBytes(24).toString('base64url')]);
  return { generated: { ...Object.fromEntries(generated), [backupKey]: key }, project: values };
}

const backupKey = 'MUSTER_BACKUP_KEY';

const tlsNames = [
  'MUSTER_TLS_CERT',
  'MUSTER_TLS_CERT_EXPIRED',
  'MUSTER_TLS_CERT_WRONG',
  'MUSTER_TLS_KEY',
  'MUSTER_TLS_CA',
] as const;

/** Names that a drill has a value of its own for, wherever its files ask for them. */
export const mustersNames = [...tlsNames, knownPassword, backupKey] as const;
