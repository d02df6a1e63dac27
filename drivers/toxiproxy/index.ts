import { z } from 'zod';
import { defineDriver } from '../../core/driver.ts';
import { actions, movedTo } from './actions.ts';
import { apiPort } from './config.ts';
import bandwidth from './faults/bandwidth.ts';
import latency from './faults/latency.ts';
import limitData from './faults/limit-data.ts';
import proxyDown from './faults/proxy-down.ts';
import reset from './faults/reset.ts';
import slicer from './faults/slicer.ts';
import timeout from './faults/timeout.ts';

/** The clients' way in, through which a network misbehaves. */
export default defineDriver({
  about: "Toxiproxy as the clients' way in: a network that is slow, narrow, broken off or down",
  config: z.strictObject({}),
  port: apiPort,
  faults: {
    bandwidth,
    latency,
    'limit-data': limitData,
    'proxy-down': proxyDown,
    reset,
    slicer,
    timeout,
  },
  declines: { 'memory-limit': 'has an image without a shell to use memory with' },
  backups: {},
  workload: null,
  actions,
  movesClients: { failover: movedTo },
  checks: {},
  load: () => import('./attach.ts'),
  open: async (context) => (await import('./attach.ts')).open(context),
});
