import { defineDriver } from '../../core/driver.ts';
import { imageBackup } from '../image.ts';
import { configSchema, tlsPort } from './config.ts';
import certificateExpired from './faults/certificate-expired.ts';
import configLost from './faults/config-lost.ts';
import wrongCertificate from './faults/wrong-certificate.ts';

/** A TLS proxy in front of the service. */
export default defineDriver({
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
  actions: {
    'reapply-certificate': 'the right certificate is put in its place and taken up',
    'reapply-config': 'the configuration as it was deployed is put in its place and taken up',
  },
  checks: {
    tls: 'clients get TLS 1.3 and a chain that is valid for the name by the authority that they trust',
    'tls-continuity':
      'from before the load to the end, each handshake that comes about is TLS 1.3 with the same valid certificate',
  },
  load: () => import('./attach.ts'),
  attach: async (context) => (await import('./attach.ts')).attach(context),
});
