import type { ExecOptions, Helper, Service, Shell } from '../../core/service.ts';

/** `$0` of every script of ours that changes a volume. */
const changes = (argv: readonly string[]): boolean => argv.includes('damage');

/** Programs that only read, and `$0` of scripts that only look for where things are. */
const reading = ['cat', 'readlink', 'stat'];
const looking = 'programs';
const looks = (argv: readonly string[]): boolean => reading.includes(argv[0]!) || argv.includes(looking);

/**
 * A service on which nothing that breaks has an effect: what is done to it is accepted and dropped. For the
 * negative control of witnesses. Reading (state, endpoint, logs, `cat` and what else only looks) is the real
 * service's, and so are its helpers but for scripts that change the volume. `drop` says which commands are
 * swallowed; default all that do more than read.
 */
export function inertService(
  service: Service,
  drop: { process?: boolean; command?(argv: string[]): boolean } = {},
): Service {
  const { process = true, command = (argv) => !looks(argv) } = drop;
  const nothing = async (): Promise<void> => undefined;
  // What is frozen around damage to its files is let go afterwards: meanwhile none of them comes or goes.
  let isFrozen = false;
  const onlyFreeze: Service['signalFromHost'] = async (signal) => {
    if (signal !== 'SIGSTOP' && !isFrozen) return;
    isFrozen = signal === 'SIGSTOP';
    await service.signalEach(isFrozen ? 'SIGSTOP' : 'SIGCONT');
  };
  // Whoever looks for what it struck finds nothing.
  const freezeEach: Service['signalEach'] = async (signal) => {
    await onlyFreeze(signal);
    return [];
  };
  return {
    name: service.name,
    image: service.image,
    env: service.env,
    argv: service.argv,
    region: service.region,
    mounts: service.mounts,
    assertOwnPath: (path) => service.assertOwnPath(path),
    ports: service.ports,
    exposed: service.exposed,
    endpoint: (port) => service.endpoint(port),
    tryConnection: (port, options) => service.tryConnection(port, options),
    knownAs: () => service.knownAs(),
    state: () => service.state(),
    logs: (lines) => service.logs(lines),
    waitHealthy: (deadlineMs, signal) => service.waitHealthy(deadlineMs, signal),
    exec: async (argv, options) =>
      command(argv) ? { code: 0, stdout: '', stderr: '' } : service.exec(argv, options),
    spawn: (argv, options) => service.spawn(argv, options),
    putFile: nothing,
    helper: async (options) => inertHelper(await service.helper(options)),
    prepareFolder: (recipe) => service.prepareFolder(recipe),
    signalFromHost: process ? onlyFreeze : (signal) => service.signalFromHost(signal),
    stop: process ? nothing : (grace) => service.stop(grace),
    signalEach: process ? freezeEach : (signal) => service.signalEach(signal),
    processes: () => service.processes(),
    pause: process ? nothing : () => service.pause(),
    start: () => service.start(),
    unpause: () => service.unpause(),
    limitMemory: nothing,
    limitProcessor: nothing,
    watchOomKills: () => service.watchOomKills(),
    processorTime: () => service.processorTime(),
    holdDown: nothing,
    deployment: { ...service.deployment, remove: async () => ({ imageToo: false }) },
    partition: async () => ({ lift: nothing, inPlace: async () => false }),
  };
}

function inertHelper(helper: Helper): Helper {
  const spawn: Shell['spawn'] = (argv, options) =>
    helper.spawn(changes(argv) ? ['sh', '-c', 'cat > /dev/null'] : argv, options);
  const exec = async (argv: string[], options?: ExecOptions): ReturnType<Shell['exec']> =>
    changes(argv) ? { code: 0, stdout: '', stderr: '' } : helper.exec(argv, options);
  return { spawn, exec, kept: helper.kept, missed: helper.missed, remove: () => helper.remove() };
}
