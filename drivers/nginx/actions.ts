import { z } from 'zod';
import type { ActionEntry } from '../../core/driver.ts';
import { environmentError } from '../../core/errors.ts';
import type { NginxSystem } from './system.ts';

const nothing = z.strictObject({});

export const actions: Record<string, ActionEntry<NginxSystem, Record<string, never>>> = {
  'reapply-certificate': {
    about: 'the right certificate is put in its place and taken up',
    params: nothing,
    run: async ({ site }) => {
      const { look, serve } = await import('./site.ts');
      const { factsOf } = await import('./handshake.ts');
      await serve(site, site.secret(site.config.certificateFrom));
      const now = await look(site);
      if (!now.done || now.refusal !== null)
        throw environmentError('the certificate was put in its place, and clients still go away', {
          found: now.done ? now.refusal! : now.error,
        });
      return factsOf(now.certificate);
    },
  },
  'reapply-config': {
    about: 'the configuration as it was deployed is put in its place and taken up',
    params: nothing,
    run: async ({ site }) => {
      await (await import('./lose-config.ts')).reapply(site);
      return { file: site.config.configFile };
    },
  },
};
