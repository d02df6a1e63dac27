import { pollUntil, type Clock } from '../../core/clock.ts';
import { environmentError } from '../../core/errors.ts';
import type { Service } from '../../core/service.ts';
import { tlsPort, type NginxConfig } from './config.ts';
import { handshake, type Expected, type Handshake } from './handshake.ts';

export const undoMs = 60_000;
const secretMode = 0o444;
const upMs = 20_000;

export interface NginxSite {
  service: Service;
  config: NginxConfig;
  clock: Clock;
  expected: Expected;
  secret(name: string): string;
  /** The configuration as it was when the driver was attached: what was deployed. */
  deployed: string;
}

/** A handshake at the service's own published port, not at the clients' way in: only nginx is looked at. */
export async function look({ service, expected }: NginxSite): Promise<Handshake> {
  const endpoint = await service.endpoint(tlsPort).catch(() => null);
  return endpoint
    ? handshake(endpoint, expected)
    : { done: false, reached: false, error: 'the port is not there' };
}

/** True when a client that verifies stays. */
export async function isRight(site: NginxSite): Promise<boolean> {
  const seen = await look(site);
  return seen.done && seen.refusal === null;
}

/** Puts a certificate in place and has the server take it up. */
export async function serve(site: NginxSite, certificate: string): Promise<void> {
  await site.service.putFile(site.config.certificate, certificate, { mode: secretMode });
  await takeUp(site);
}

/**
 * Reloads a server that serves, starts one that does not; rejects with its own words when it does not take
 * its files.
 */
export async function takeUp(site: NginxSite): Promise<void> {
  const { service, clock } = site;
  if ((await look(site)).done) return reload(site);
  // One in a restart loop runs for moments, and for the engine always; stopped, it can be started at once.
  await service.stop(1);
  await service.start();
  const up = await pollUntil(clock, { everyMs: 100, deadlineMs: upMs }, async () => (await look(site)).done);
  if (!up) throw environmentError('nginx does not come up', { found: await service.logs(3) });
}

/**
 * Done when no worker from before takes connections any more: until then, old and new answer side by side.
 */
async function reload({ service, clock }: NginxSite): Promise<void> {
  const before = await workers(service);
  const { code, stderr } = await service.exec(['nginx', '-s', 'reload']);
  if (code !== 0)
    throw environmentError('nginx does not reload', { found: stderr.trim() || `exit code ${code}` });
  if (before.length === 0) return;
  const renewed = await pollUntil(clock, { everyMs: 50, deadlineMs: upMs }, async () => {
    const now = await workers(service);
    return now.length > 0 && !now.some((pid) => before.includes(pid));
  });
  if (!renewed) throw environmentError('nginx does not take up its files', { found: await service.logs(3) });
}

/**
 * By the titles that nginx gives its processes; one that is shutting down has closed its listening sockets.
 */
const listing =
  'for d in /proc/[0-9]*; do case "$(tr "\\0" " " < "$d/cmdline" 2>/dev/null)" in *"shutting down"*) ;; "nginx: worker process"*) echo "${d#/proc/}";; esac; done';

async function workers(service: Service): Promise<string[]> {
  const { stdout } = await service.exec(['sh', '-c', listing]);
  return stdout.split('\n').filter((pid) => pid !== '');
}
