import { environmentError, messageOf } from '../core/errors.ts';
import type { HostSignal } from './host-signal.ts';
import { statusOf, type Container, type Inspection } from './runtime.ts';

export interface ProcessSeen {
  pid: number;
  stopped: boolean;
}

/** As ps(1) of the engine's host lists them: what runs in the container has no part in it. */
export async function processesOf(container: Container): Promise<ProcessSeen[]> {
  try {
    const { Processes } = (await container.top({ ps_args: '-o pid,stat' })) as {
      Processes: [pid: string, stat: string][];
    };
    return Processes.map(([pid, stat]) => ({ pid: Number(pid), stopped: /^[Tt]/.test(stat) }));
  } catch (error) {
    // 404, 409: gone, or not running.
    const status = statusOf(error);
    if (status === 404 || status === 409 || /is not running|is restarting/.test(messageOf(error))) return [];
    throw environmentError('the engine cannot list the processes of a container', {
      found: messageOf(error),
      expected: "ps on the engine's host",
      cause: error,
    });
  }
}

/**
 * What a process has begun, and what that has, that left its group, as `timeout` and `setsid` do. What made
 * itself a service, and lost its parent by that, is none of it. None where the engine cannot tell.
 */
export async function outOfGroup(container: Container, root: number): Promise<number[]> {
  const { Processes } = (await container
    .top({ ps_args: '-o pid,ppid,pgid' })
    .catch(() => ({ Processes: [] }))) as { Processes: string[][] };
  const all = Processes.map(([pid, parent, group]) => ({
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
  }));
  const begun = new Set([root]);
  for (let size = 0; size !== begun.size; ) {
    size = begun.size;
    for (const { pid, parent } of all) if (begun.has(parent)) begun.add(pid);
  }
  return all.filter(({ pid, group }) => begun.has(pid) && group !== root).map(({ pid }) => pid);
}

/**
 * Every process but the engine's own init, which has to see the others end. One that ended meanwhile is no
 * trouble.
 */
export async function signalEach(
  hostSignal: HostSignal,
  container: Container,
  found: Inspection,
  signal: string,
): Promise<number[]> {
  const all = (await processesOf(container)).map(({ pid }) => pid);
  const meant = found.HostConfig.Init === true ? all.filter((pid) => pid !== found.State.Pid) : all;
  const reached: number[] = [];
  for (const pid of meant) {
    try {
      await hostSignal.send({ pid, container: container.id, signal });
      reached.push(pid);
    } catch (error) {
      if ((await processesOf(container)).some((one) => one.pid === pid)) throw error;
    }
  }
  return reached;
}
