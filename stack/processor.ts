import type { ProcessorTime, Service } from '../core/service.ts';
import type { Container, Inspection } from './runtime.ts';

/** What the kernel takes where nobody names a period. */
const usualPeriodMicros = 100_000;

type Made = Pick<Inspection['HostConfig'], 'NanoCpus' | 'CpuQuota' | 'CpuPeriod'>;

const periodOf = ({ NanoCpus, CpuPeriod }: Made): number => (!NanoCpus && CpuPeriod) || usualPeriodMicros;

/** How many processors a container may use at once by that; null where as many as there are. */
function shareOf(made: Made): number | null {
  if (made.NanoCpus) return made.NanoCpus / 1e9;
  return made.CpuQuota && made.CpuQuota > 0 ? made.CpuQuota / periodOf(made) : null;
}

/**
 * What makes it that share, or what it was made with. The engine keeps to the way that a container was
 * declared in, does not take zero for none, and the period stays, so that its counter goes on meaning the
 * same.
 */
function shared(made: Made, cpus: number | null): Made {
  if (made.NanoCpus) return { NanoCpus: cpus === null ? made.NanoCpus : Math.round(cpus * 1e9) };
  return { CpuQuota: cpus === null ? made.CpuQuota || -1 : Math.round(cpus * periodOf(made)) };
}

/** The share of a container's processor time, cut, put back and looked at through the engine. */
export const processorOf = (
  container: () => Container,
  made: Made,
  act: (what: string, run: () => Promise<unknown>) => Promise<void>,
): Pick<Service, 'limitProcessor' | 'processorTime'> => ({
  limitProcessor: (cpus) => act('limited in processor time', () => container().update(shared(made, cpus))),
  processorTime: async () => timeOf(container()),
});

/** The engine reads the control group, of either version, when it is asked: zeros where nothing runs. */
async function timeOf(container: Container): Promise<ProcessorTime> {
  const [{ State, HostConfig }, stats] = await Promise.all([
    container.inspect(),
    container.stats({ stream: false, 'one-shot': true }),
  ]);
  const { cpu_usage: used, throttling_data: held } = stats.cpu_stats ?? {};
  return {
    startedAt: State.Running ? State.StartedAt : null,
    share: shareOf(HostConfig),
    periodMs: periodOf(HostConfig) / 1_000,
    usedMs: (used?.total_usage ?? 0) / 1e6,
    throttledPeriods: held?.throttled_periods ?? 0,
    throttledMs: (held?.throttled_time ?? 0) / 1e6,
  };
}
