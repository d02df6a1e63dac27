import { defineDriver } from '../../core/driver.ts';
import { imageBackup } from '../image.ts';
import { actions } from './actions.ts';
import { configSchema, type LoginConfig } from './config.ts';
import type { LoginSystem } from './system.ts';

/**
 * A web service with logins, judged by whether its answers are right: what a client at the front door gets.
 */
export default defineDriver<LoginConfig, LoginSystem>({
  about: 'an HTTP service with logins and sessions, judged by whether its answers are right',
  config: configSchema,
  port: 443,
  faults: {},
  backups: { image: imageBackup },
  workload: 'journeys',
  generators: { autocannon: 'visitors with a connection of their own log in, look at their profile and go' },
  actions,
  checks: {
    logins: {
      about:
        'a sample of users logs in with the right password, not with another, to the profile that was there before',
      compares: true,
      of: async ({ way, seed, config: { users, sample } }) =>
        (await import('./checks.ts')).logins(way, { seed, users, sample }),
    },
    'revoked-stay-revoked': {
      about: 'tokens that were revoked are not accepted again',
      compares: true,
      of: async ({ way, sessions, config }) =>
        (await import('./checks.ts')).revokedStayRevoked(way, sessions, config.users),
    },
  },
  load: () => Promise.all([import('./attach.ts'), import('./checks.ts')]),
  open: async (context) => (await import('./attach.ts')).open(context),
});
