import { z } from 'zod';
import { defineDriver } from '../../core/driver.ts';
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
  actions: {
    'reset-way':
      'the network is mended: every toxic is removed, with the connections that suffered it, and every proxy that was up is up again',
    failover: "a proxy of the clients' way in is moved to another server, and back the same way",
  },
  checks: {},
  load: () => import('./attach.ts'),
  attach: async (context) => (await import('./attach.ts')).attach(context),
});
