import { defineDriver } from '../../core/driver.ts';
import { imageBackup } from '../image.ts';
import { configSchema, tlsPort } from './config.ts';

/** A TLS proxy in front of the service. */
export default defineDriver({
  about: 'nginx as the TLS proxy: its process, its certificate and its configuration',
  config: configSchema,
  port: tlsPort,
  abilities: [
    'crash',
    'pause',
    'hang',
    'stop',
    'partition',
    'killLoop',
    'removeContainer',
    'badCertificate',
    'loseConfig',
  ],
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
