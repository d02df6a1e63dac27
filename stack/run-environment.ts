import { randomBytes } from 'node:crypto';

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

/** Names of all that is made anew for each run. */
export const generatedNames = [
  'MYSQL_ROOT_PASSWORD',
  'MYSQL_PASSWORD',
  'POSTGRES_PASSWORD',
  'TOKEN_SECRET',
  'ADMIN_TOKEN',
  'S3_ACCESS_KEY',
  'S3_SECRET_KEY',
  'MUSTER_TLS_CERT',
  'MUSTER_TLS_CERT_EXPIRED',
  'MUSTER_TLS_CERT_WRONG',
  'MUSTER_TLS_KEY',
  'MUSTER_TLS_CA',
  'MUSTER_BACKUP_KEY',
] as const;
