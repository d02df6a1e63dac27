import { z } from 'zod';

export const tlsPort = 443;

const path = z.string().startsWith('/', { error: 'a path in the container, from /' });

export const configSchema = z.strictObject({
  tls: z.strictObject({
    name: z.string().min(1).describe('The name that the certificate must be for'),
    caFrom: z.string().min(1).describe("Secret that holds the authority's certificate, PEM"),
  }),
  certificate: path
    .default('/run/secrets/tls-certificate')
    .describe('Where the certificate lies in the container'),
  certificateFrom: z
    .string()
    .default('MUSTER_TLS_CERT')
    .describe(
      'Secret that holds the right certificate: what reapply-certificate puts back. It must be for the key that is there',
    ),
  expiredFrom: z
    .string()
    .default('MUSTER_TLS_CERT_EXPIRED')
    .describe('Secret that holds an expired certificate for the same key'),
  wrongFrom: z
    .string()
    .default('MUSTER_TLS_CERT_WRONG')
    .describe('Secret that holds a certificate for another name by another authority, for the same key'),
  configFile: path.default('/etc/nginx/nginx.conf').describe('Where the configuration lies in the container'),
});
export type NginxConfig = z.output<typeof configSchema>;
