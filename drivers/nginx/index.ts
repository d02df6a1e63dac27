import { defineDriver } from '../../core/driver.ts';
import { imageBackup } from '../image.ts';
import { actions } from './actions.ts';
import { configSchema, tlsPort, type NginxConfig } from './config.ts';
import certificateExpired from './faults/certificate-expired.ts';
import configLost from './faults/config-lost.ts';
import wrongCertificate from './faults/wrong-certificate.ts';
import type { NginxSystem } from './system.ts';

/** A TLS proxy in front of the service. */
export default defineDriver<NginxConfig, NginxSystem>({
  about: 'nginx as the TLS proxy: its process, its certificate and its configuration',
  config: configSchema,
  port: tlsPort,
  faults: {
    'certificate-expired': certificateExpired,
    'config-lost': configLost,
    'wrong-certificate': wrongCertificate,
  },
  declines: {
    'memory-limit': 'would lose a worker, and start another one at once',
  },
  backups: { image: imageBackup },
  workload: null,
  actions,
  checks: {
    tls: {
      about: 'clients get TLS 1.3 and a chain that is valid for the name by the authority that they trust',
      knownBad: { spoilt: 'a certificate for another name is shown' },
      compares: true,
      of: async ({ clients, site }) => (await import('./tls-check.ts')).tlsCheck(clients, site.expected),
    },
    'tls-continuity': {
      about:
        'from before the load to the end, each handshake that comes about is TLS 1.3 with the same valid certificate',
      knownBad: {
        spoilt: 'the other side of a failover shows another certificate, or speaks an older protocol',
        shownBy: 'test/drivers/nginx/continuity.test.ts',
      },
      compares: true,
      of: ({ unbroken }) => unbroken,
    },
  },
  load: () => Promise.all([import('./attach.ts'), import('./tls-check.ts')]),
  open: async (context) => (await import('./attach.ts')).open(context),
});
