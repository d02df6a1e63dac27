import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { look, takeUp, undoMs, type NginxSite } from './site.ts';

/** Exit codes of a process that a signal ended (128 + its number): then it did not fail by itself. */
const signalled = 128;

/** The configuration is emptied and the process restarted in order, as by a deployment that went wrong. */
export async function loseConfig(site: NginxSite): Promise<ActiveFault> {
  const { service, config } = site;
  const before = await service.state();
  await service.putFile(config.configFile, '');
  await service.stop(2);
  await service.start();
  const seen = async (): Promise<Proof | null> => {
    const { status, exitCode, restarts } = await service.state();
    const failed = status !== 'running' && exitCode !== null && exitCode !== 0 && exitCode < signalled;
    if (!failed || (await look(site)).done) return null;
    return {
      what: `the process does not come up: the engine reports ${status}, exit code ${exitCode}, and no handshake succeeds`,
      facts: { status, exitCode, restarts },
    };
  };
  return {
    facts: { file: config.configFile, pid: before.pid, startedAt: before.startedAt },
    witness: seen,
    stillThere: () => stillDown(site),
    undo: {
      name: `put the configuration of ${service.name} back`,
      deadlineMs: undoMs,
      run: () => reapply(site),
      healed: async () => (await look(site)).done,
    },
  };
}

/**
 * One in a restart loop runs for moments, for the engine as well: at the end it is gone only when a handshake
 * succeeds.
 */
async function stillDown(site: NginxSite): Promise<Proof | null> {
  const { status, exitCode, restarts } = await site.service.state();
  if ((await look(site)).done) return null;
  return {
    what: `no handshake succeeds; the engine reports ${status}, exit code ${exitCode ?? 'none'}, ${restarts} restarts`,
    facts: { status, exitCode, restarts },
  };
}

/** The configuration as it was deployed, taken up by a server that runs or is started. */
export async function reapply(site: NginxSite): Promise<void> {
  await site.service.putFile(site.config.configFile, site.deployed);
  await takeUp(site);
}
