import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { imageChoice, imagesWanted, provideImages } from '../../stack/images.ts';
import { variableOf } from '../../stack/recipes.ts';
import { getRuntime } from '../../stack/runtime.ts';

/** What a project is called in the engine, where its compose file fixes all of it. */
export interface RunningProject {
  project: string;
  file: string;
  /** What Compose gets beside this process's own. */
  environment: Readonly<Record<string, string>>;
  containers: readonly string[];
  networks: readonly string[];
  volumes: readonly string[];
}

/** A project that runs as its owner has it, beside drills of it. */
export interface RunningCopy {
  /** Each throws with what the program said where it fails. */
  docker(...args: string[]): string;
  compose(...args: string[]): string;
  /** Who runs and since when, on what networks and volumes. */
  running(): string[];
  /** What the engine did to it since (epoch seconds), but for its own health checks and what is run in it. */
  doneTo(since: number): string[];
}

export function runningCopy(of: RunningProject): RunningCopy {
  const docker = (...args: string[]): string =>
    execFileSync('docker', args, { env: { ...process.env, ...of.environment }, stdio: 'pipe' }).toString();
  return {
    docker,
    compose: (...args) => docker('compose', '--project-name', of.project, '--file', of.file, ...args),
    running: () => [
      ...of.containers.map((name) =>
        docker(
          'inspect',
          name,
          '--format',
          '{{.Id}} {{.State.StartedAt}} {{.RestartCount}} {{.State.Paused}} {{json .NetworkSettings.Networks}} {{json .HostConfig.PortBindings}}{{range .Mounts}}\n{{json .}}{{end}}',
        )
          // The engine tells the mounts in any order.
          .split('\n')
          .sort()
          .join('\n'),
      ),
      ...of.networks.map((name) =>
        docker('network', 'inspect', name, '--format', '{{.Id}} {{json .IPAM}} {{json .Containers}}'),
      ),
      ...of.volumes.map((name) => docker('volume', 'inspect', name)),
    ],
    doneTo: (since) =>
      [
        `label=com.docker.compose.project=${of.project}`,
        ...of.networks.map((name) => `network=${name}`),
        ...of.volumes.map((name) => `volume=${name}`),
      ].flatMap((filter) =>
        docker(
          ...['events', '--since', String(since), '--until', String(Math.ceil(Date.now() / 1000))],
          ...['--filter', filter, '--format', '{{.Type}} {{.Action}} {{.Actor.ID}}'],
        )
          .split('\n')
          .filter((line) => line !== '' && !/^container (?:exec_|health_status)/.test(line)),
      ),
  };
}

/** The images that a compose file names by variables of Muster's, by variable. */
export async function imagesOf(file: string): Promise<Record<string, string>> {
  const choice = imageChoice(process.env, () => undefined);
  const chosen = await provideImages(await getRuntime(), imagesWanted(readFileSync(file, 'utf8')), choice);
  return Object.fromEntries([...chosen.values()].map(({ name, reference }) => [variableOf(name), reference]));
}

/** That nobody has, below those that the kernel and the engine give out by themselves. */
export async function freePort(): Promise<number> {
  const port = randomInt(12_000, 30_000);
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, () => resolve(true));
  });
  await new Promise((resolve) => server.close(resolve));
  return isFree ? port : freePort();
}
