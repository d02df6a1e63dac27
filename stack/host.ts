import { access, constants, readFile, statfs } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { formatBytes } from '../core/units.ts';
import { messageOf } from '../core/errors.ts';
import { registryAnswers } from './registry.ts';
import { engineIsLocal, getRuntime, type Runtime } from './runtime.ts';

/** One thing a drill needs of its host. `remedy` is null when nothing has to be done. */
export interface HostFinding {
  name: string;
  ok: boolean;
  found: string;
  remedy: string | null;
}

const diskNeededBytes = 6 * 1024 ** 3;
const prepare = '`muster doctor --prepare`, as root on Debian';

/**
 * What is there and what is missing, without changing anything. Takes at most a second or two where a
 * registry does not answer.
 */
export async function inspectHost(): Promise<HostFinding[]> {
  const engine = await getRuntime().catch(() => null);
  const named = process.env['DOCKER_HOST'];
  const [composeFound, mmdebstrap, registry, disk] = await Promise.all([
    composeVersion(),
    onPath('mmdebstrap'),
    engine && registryAnswers(engine.container.dockerode, 'redis:8.0.2', 1_500),
    diskFinding(engine),
  ]);
  const registryOk = registry?.ok ?? false;
  return [
    nodeFinding(),
    engine
      ? {
          name: 'Docker engine',
          ok: true,
          found: `${engine.info.containerRuntime.serverVersion} on ${engine.info.containerRuntime.operatingSystem}`,
          remedy: null,
        }
      : {
          name: 'Docker engine',
          ok: false,
          found: (await onPath('docker')) ? 'a docker client, but no engine answers' : 'no engine answers',
          remedy: named
            ? `start the engine that DOCKER_HOST names (${named}), or unset DOCKER_HOST`
            : (await onPath('dockerd'))
              ? `start it: ${prepare}, or \`systemctl start docker\``
              : prepare,
        },
    {
      name: 'Docker Compose',
      ok: composeFound !== null,
      found: composeFound ?? 'no `docker compose`',
      remedy: composeFound === null ? prepare : null,
    },
    {
      name: 'image registry',
      ok: registryOk || mmdebstrap !== null,
      found: registry
        ? registryOk
          ? 'answers'
          : `does not answer (${registry.why.trim()}): images are built from Debian packages`
        : 'not asked: no engine',
      remedy:
        registryOk || mmdebstrap !== null
          ? null
          : 'let the engine reach a registry, name a mirror in MUSTER_REGISTRY, or install mmdebstrap to build the images',
    },
    {
      name: 'mmdebstrap',
      ok: mmdebstrap !== null || registryOk,
      found: mmdebstrap ?? 'not installed',
      remedy: mmdebstrap === null && !registryOk ? prepare : null,
    },
    disk,
  ];
}

/** The first that compresses by zstd and runs TypeScript as it is. */
const oldestNode = [22, 22] as const;

function nodeFinding(): HostFinding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  return {
    name: 'Node.js',
    ok,
    found: process.versions.node,
    remedy: ok
      ? null
      : `use Node ${oldestNode.join('.')} or later; in a clone of Muster, \`npm run\` uses the one that \`npm ci\` installed`,
  };
}

async function diskFinding(engine: Runtime | null): Promise<HostFinding> {
  if (engine && !engineIsLocal(engine))
    return {
      name: 'disk space',
      ok: true,
      found: 'not measured: the engine is on another machine',
      remedy: null,
    };
  const info = engine ? ((await engine.container.dockerode.info()) as { DockerRootDir?: string }) : null;
  const folder = info?.DockerRootDir ?? '/var/lib';
  try {
    const { bavail, bsize } = await statfs(folder);
    const ok = bavail * bsize >= diskNeededBytes;
    return {
      name: 'disk space',
      ok,
      found: `${formatBytes(bavail * bsize)} free in ${folder}`,
      remedy: ok
        ? null
        : `free ${formatBytes(diskNeededBytes)}: \`docker system df\` shows what the engine holds`,
    };
  } catch (error) {
    return { name: 'disk space', ok: true, found: `not measured: ${messageOf(error)}`, remedy: null };
  }
}

/** The version that `docker compose` gives; null when there is no such command. */
export async function composeVersion(): Promise<string | null> {
  try {
    const { execa } = await import('execa');
    const { stdout } = await execa('docker', ['compose', 'version', '--short'], { timeout: 30_000 });
    return stdout;
  } catch {
    return null;
  }
}

/** Where a program is, looking also where a root shell would: a cron job's PATH often has no sbin. */
export async function onPath(program: string): Promise<string | null> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    const file = join(folder, program);
    if (
      folder !== '' &&
      (await access(file, constants.X_OK).then(
        () => true,
        () => false,
      ))
    )
      return file;
  }
  return null;
}

/** What /etc/os-release says: `debian`, `ubuntu`, …; empty where there is none. */
export async function distribution(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID="?([^"\n]*)/m.exec(text)?.[1] ?? '';
}
