import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, readdir, rename, rm, access, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { pollUntil, systemClock } from '../core/clock.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import { longMs, saying } from './deadline.ts';
import { withDeadline } from '../core/deadline.ts';
import { composeVersion, distribution, onPath } from './host.ts';
import { getRuntime } from './runtime.ts';

export interface PreparationOptions {
  progress(line: string): void;
  /** Where Compose's plug-in goes. Default: the folder for plug-ins that no package manager owns. */
  pluginFolder?: string;
}

const engineDeadlineMs = 60_000;
const engineLog = '/var/log/muster-dockerd.log';

/** For a step that has a deadline of its own to say more of what is missing. */
const graceMs = 10_000;

/**
 * Installs and starts what a drill needs and the host lacks, on Debian as root; returns what it did, nothing
 * on a prepared host. Elsewhere it raises an environment error that says what to do by hand.
 */
export async function prepareHost(options: PreparationOptions): Promise<string[]> {
  const did: string[] = [];
  const step = async (what: string, act: () => Promise<void>, deadlineMs = longMs): Promise<void> => {
    options.progress(saying(what, deadlineMs));
    await withDeadline(systemClock, what, deadlineMs + graceMs, act());
    did.push(what);
  };
  const engine = await engineAnswers();
  const packages = await missingPackages(engine);
  // An engine and a Compose are enough where a registry answers: elsewhere than on Debian that has to do.
  if (packages.length > 0 && !(engine && packages.join() === 'mmdebstrap' && !(await mayInstall()))) {
    await assertMayInstall(`install ${packages.join(', ')}`);
    await step(`installing ${packages.join(', ')}`, () => aptInstall(packages));
  }
  if (!engine && !(await engineAnswers())) {
    await assertMayInstall('start dockerd');
    await step('starting the Docker engine', startEngine, engineDeadlineMs);
  }
  if ((await composeVersion()) === null) {
    await assertMayInstall('install Docker Compose v2 as a plug-in of the docker client');
    await step('installing Docker Compose', () =>
      installCompose(options.pluginFolder ?? '/usr/local/lib/docker/cli-plugins'),
    );
  }
  return did;
}

const engineAnswers = (): Promise<boolean> =>
  getRuntime().then(
    () => true,
    () => false,
  );
const mayInstall = async (): Promise<boolean> =>
  (await distribution()) === 'debian' && process.getuid?.() === 0;

async function assertMayInstall(what: string): Promise<void> {
  if (await mayInstall()) return;
  const system = (await distribution()) || process.platform;
  throw environmentError('this host cannot be prepared from here', {
    found: system === 'debian' ? 'Debian, but not root' : system,
    expected: 'Debian, as root',
    hint:
      system === 'debian'
        ? `run it as root, or ${what} by hand`
        : `${what} by hand: https://docs.docker.com/engine/install/`,
  });
}

async function missingPackages(engineAnswers: boolean): Promise<string[]> {
  const missing: string[] = [];
  if (!engineAnswers && !(await onPath('dockerd'))) missing.push('docker.io', 'iptables');
  if (!(await onPath('docker'))) missing.push('docker-cli');
  if (!(await onPath('mmdebstrap'))) missing.push('mmdebstrap');
  return missing;
}

/** Debian before trixie has no docker-cli: there docker.io brings the client. */
async function available(packages: string[]): Promise<string[]> {
  const { stdout = '' } = await execa('apt-cache', ['policy', 'docker-cli'], { reject: false });
  return [
    ...new Set(
      packages.map((name) => (name === 'docker-cli' && !/Candidate: \d/.test(stdout) ? 'docker.io' : name)),
    ),
  ];
}

async function apt(args: string[], what: string, folder?: string): Promise<void> {
  try {
    await execa('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      ...(folder === undefined ? {} : { cwd: folder }),
    });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr || messageOf(error);
    throw environmentError(`${what} failed`, {
      found: said.trim().split('\n').slice(-4).join('\n'),
      expected: 'a Debian mirror that answers',
      cause: error,
    });
  }
}

async function aptInstall(packages: string[]): Promise<void> {
  await apt(['update'], 'apt-get update');
  await apt(
    ['install', '--yes', '--no-install-recommends', ...(await available(packages))],
    `installing ${packages.join(', ')}`,
  );
}

async function startEngine(): Promise<void> {
  // A container or a chroot has no init system to do it; there the daemon is started as it is, and outlives
  // us.
  if (
    await access('/run/systemd/system').then(
      () => true,
      () => false,
    )
  ) {
    await execa('systemctl', ['start', 'docker'], { reject: false });
  } else {
    const log = await open(engineLog, 'a');
    spawn((await onPath('dockerd'))!, [], { detached: true, stdio: ['ignore', log.fd, log.fd] })
      .on('error', () => undefined)
      .unref();
    await log.close();
  }
  const answers = await pollUntil(systemClock, { everyMs: 200, deadlineMs: engineDeadlineMs }, engineAnswers);
  if (!answers)
    throw environmentError(`the Docker engine does not answer ${engineDeadlineMs / 1000} s after its start`, {
      hint: `its own words are in ${engineLog} or \`journalctl -u docker\``,
    });
}

/**
 * Bookworm has no Compose v2; trixie's package holds it as one static program. It is taken from there with an
 * apt configuration of its own, so that the machine's package sources stay as they are.
 */
async function installCompose(folder: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'muster-apt-'));
  try {
    await chmod(root, 0o755);
    await mkdir(join(root, 'lists/partial'), { recursive: true });
    await mkdir(join(root, 'cache/archives/partial'), { recursive: true });
    await writeFile(
      join(root, 'sources.list'),
      'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main\n',
    );
    const own = [
      `Dir::Etc::sourcelist=${join(root, 'sources.list')}`,
      'Dir::Etc::sourceparts=/dev/null',
      'Dir::Etc::preferencesparts=/dev/null',
      `Dir::State::lists=${join(root, 'lists')}`,
      `Dir::Cache=${join(root, 'cache')}`,
      'Acquire::Languages=none',
      'APT::Sandbox::User=root',
    ].flatMap((setting) => ['-o', setting]);
    await apt([...own, 'update'], "reading trixie's package list");
    // `download` leaves dependencies alone: the program is static.
    await apt([...own, 'download', 'docker-compose'], 'downloading docker-compose', root);
    const archive = (await readdir(root)).find((file) => /^docker-compose_.*\.deb$/.test(file));
    if (!archive) throw environmentError('apt downloaded no docker-compose package');
    await execa('dpkg-deb', ['--extract', join(root, archive), join(root, 'package')]);
    await mkdir(folder, { recursive: true });
    await execa('cp', [
      join(root, 'package/usr/libexec/docker/cli-plugins/docker-compose'),
      join(folder, '.docker-compose.new'),
    ]);
    await rename(join(folder, '.docker-compose.new'), join(folder, 'docker-compose'));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
