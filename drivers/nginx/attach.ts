import type { AttachContext } from '../../core/driver.ts';
import { environmentError } from '../../core/errors.ts';
import type { NginxConfig } from './config.ts';
import { continuity } from './continuity.ts';
import { isRight, type NginxSite } from './site.ts';
import type { NginxSystem } from './system.ts';

export async function open({
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
  const site: NginxSite = { service, config, clock, expected, secret, deployed: read.stdout };
  return {
    server: /nginx\/\S+/.exec(version.stderr)?.[0].replace('/', ' ') ?? 'nginx of an unknown version',
    service,
    workload: null,
    clients,
    unbroken,
    site,
    ready: () => isRight(site).catch(() => false),
    close: () => unbroken.stop(),
  };
}
