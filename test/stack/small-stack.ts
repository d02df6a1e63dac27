import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labels } from '../../stack/owner.ts';
import { getRuntime, type Docker } from '../../stack/runtime.ts';
import { marked, type Marked } from '../../stack/marked.ts';

/** A drill id that no other test, and no other run of this one, has. */
export const uniqueDrill = (name: string): string => `${name}-${process.pid}-${Date.now().toString(36)}`;

/** A compose file of a user's own with one Redis, plus whatever is given. */
export async function smallStack(more = '', redis = ''): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-small-stack-'));
  const file = join(folder, 'compose.yml');
  await writeFile(
    file,
    `services:
  cache:
    image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
    volumes: [cache-data:/data]
    ports: ["127.0.0.1::6379"]
    restart: always
    healthcheck: { test: [CMD, redis-cli, ping], interval: 1s, timeout: 2s, retries: 10 }
${redis}
${more}
volumes:
  cache-data:
`,
  );
  return file;
}

/** Everything in the engine that belongs to a drill, by our label or by Compose's. */
export async function leftOf(drill: string): Promise<Marked[]> {
  const runtime = await getRuntime();
  return [
    ...(await marked(runtime, [`${labels.drill}=${drill}`])),
    ...(await marked(runtime, [`com.docker.compose.project=muster-${drill}`])),
  ];
}

/** The container of one service of a drill, as the engine itself has it. */
export async function containerOf(
  drill: string,
  service: string,
): Promise<ReturnType<Docker['getContainer']>> {
  const docker = (await getRuntime()).container.dockerode;
  const [found] = await docker.listContainers({
    filters: { label: [`${labels.drill}=${drill}`, `com.docker.compose.service=${service}`] },
  });
  return docker.getContainer(found!.Id);
}

/** Whether a docker client still works on a drill's project. */
export const composeRunsFor = (drill: string): boolean =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return (
          /docker/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1')) &&
          readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`COMPOSE_PROJECT_NAME=muster-${drill}\0`)
        );
      } catch {
        return false;
      }
    });
