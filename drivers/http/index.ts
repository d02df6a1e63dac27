import { defineDriver } from '../../core/driver.ts';
import { imageBackup } from '../image.ts';
import { actions } from './actions.ts';
import { configSchema } from './config.ts';
import type { HttpConfig } from './shape.ts';
import { lacksRequests } from './sustainable.ts';
import type { HttpSystem } from './system.ts';

const shownBy = 'test/drivers/http/http.docker.test.ts';

/** Any web service, judged by whether its answers are right, and by what became of what clients wrote. */
export default defineDriver<HttpConfig, HttpSystem>({
  about: 'an HTTP service of your own: its readiness, probes and journeys are declared in its configuration',
  config: configSchema,
  complete: async (config, folder) =>
    config.openapi ? (await import('./openapi.ts')).withDerived(config, folder) : { config, notes: [] },
  port: 80,
  faults: {},
  backups: { image: imageBackup },
  workload: 'data',
  generators: { probes: 'clients ask the probes of the configuration in turn' },
  sustained: {
    about: 'autocannon asks the probes that are one request, in turn, at a steady rate',
    lacks: lacksRequests,
  },
  lacksLoad: ({ journeys, probes }, by) => {
    if (by === undefined && Object.keys(journeys).length === 0)
      return Object.keys(probes).length > 0
        ? 'it has no journeys to write by: `by: probes` asks its probes'
        : 'it has neither journeys nor probes';
    return by === 'probes' && Object.keys(probes).length === 0 ? 'it has no probes' : null;
  },
  actions,
  checks: {
    probes: {
      about: 'every probe of the configuration is answered as expected, and as before where it says so',
      knownBad: { spoilt: 'what a probe asks for cannot be read any more', shownBy },
      compares: true,
      of: async ({ asker, config, setUp, given }) =>
        (await import('./probes.ts')).probesAnswer(asker, config, { setUp, given }),
    },
    'names-stay': {
      about: 'what the service called an acknowledged record it gave to no other one',
      knownBad: { spoilt: 'a name of an acknowledged record was given to a second one', shownBy },
      of: async ({ memory }) => (await import('./workload.ts')).namesStay(memory),
    },
  },
  load: () => import('./attach.ts'),
  open: async (context) => (await import('./attach.ts')).open(context),
});
