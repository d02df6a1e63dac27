import { defineDriver } from '../../core/driver.ts';
import { imageBackup } from '../image.ts';
import { configSchema } from './config.ts';

/**
 * A web service with logins, judged by whether its answers are right: what a client at the front door gets.
 */
export default defineDriver({
  about: 'an HTTP service with logins and sessions, judged by whether its answers are right',
  config: configSchema,
  port: 443,
  faults: {},
  backups: { image: imageBackup },
  workload: 'journeys',
  generators: { autocannon: 'visitors with a connection of their own log in, look at their profile and go' },
  actions: {
    seed: 'make the users that the journeys log in as',
    'invalidate-sessions': 'make every token issued so far invalid',
  },
  checks: {
    logins:
      'a sample of users logs in with the right password, not with another, to the profile that was there before',
    'revoked-stay-revoked': 'tokens that were revoked are not accepted again',
  },
  load: () => import('./attach.ts'),
  attach: async (context) => (await import('./attach.ts')).attach(context),
});
