import type { Action, AttachContext } from '../../core/driver.ts';
import { environmentError, inputError } from '../../core/errors.ts';
import { imageMethod } from '../image.ts';
import type { NginxConfig } from './config.ts';
import { continuity } from './continuity.ts';
import { factsOf } from './handshake.ts';
import { reapply } from './lose-config.ts';
import { isRight, look, serve, type Site } from './site.ts';
import type { NginxSystem } from './system.ts';
import { tlsCheck } from './tls-check.ts';

const withoutParameters =
  (name: string, act: () => Promise<Record<string, string>>): Action =>
  async (params) => {
    if (Object.keys(params).length > 0)
      throw inputError(`${name} takes no parameters`, { found: Object.keys(params).join(', ') });
    return act();
  };

export async function attach({
  service,
  config,
  clients,
  clock,
  secret,
}: AttachContext<NginxConfig>): Promise<NginxSystem> {
  const expected = { name: config.tls.name, ca: secret(config.tls.caFrom) };
  const read = await service.exec(['cat', config.configFile]);
  if (read.code !== 0 || read.stdout.trim() === '')
    throw environmentError('there is no configuration to put back later', {
      found: read.stderr.trim() || 'an empty file',
      expected: config.configFile,
    });
  const version = await service.exec(['nginx', '-v']);
  const unbroken = continuity(clients, expected, clock);
  const site: Site = { service, config, clock, expected, secret, deployed: read.stdout };
  return {
    server: /nginx\/\S+/.exec(version.stderr)?.[0].replace('/', ' ') ?? 'nginx of an unknown version',
    service,
    backups: { image: imageMethod(service) },
    workload: null,
    actions: {
      'reapply-certificate': withoutParameters('reapply-certificate', async () => {
        await serve(site, secret(config.certificateFrom));
        const now = await look(site);
        if (!now.done || now.refusal !== null)
          throw environmentError('the certificate was put in its place, and clients still go away', {
            found: now.done ? now.refusal! : now.error,
          });
        return factsOf(now.certificate);
      }),
      'reapply-config': withoutParameters('reapply-config', async () => {
        await reapply(site);
        return { file: config.configFile };
      }),
    },
    checks: { tls: tlsCheck(clients, expected), 'tls-continuity': unbroken },
    site,
    ready: () => isRight(site).catch(() => false),
    close: () => unbroken.stop(),
  };
}
