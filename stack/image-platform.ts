import { endianness } from 'node:os';
import { environmentError, type Place } from '../core/errors.ts';
import { readFromDocker } from './compose-reading.ts';
import type { ComposeConfig, ComposeRun } from './compose.ts';
import { describedBy, type Described } from './over-image.ts';
import type { Runtime } from './runtime.ts';

/** By the names and the defaults that Compose and the engine take for the same (containerd/platforms). */
const architectures: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  i386: ['386', ''],
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};
const usualVariants: Readonly<Record<string, readonly string[]>> = { amd64: ['v1'], arm64: ['8', 'v8'] };
const systems =
  /^(aix|android|darwin|dragonfly|freebsd|hurd|illumos|ios|js|linux|nacl|netbsd|openbsd|plan9|solaris|windows|zos)$/;

function normal(system: string, architecture: string, variant: string): string {
  const os = system.toLowerCase().replace(/\(.*$/, '');
  const [arch, fixed] = architectures[architecture.toLowerCase()] ?? [architecture.toLowerCase()];
  let kind = fixed ?? variant.toLowerCase();
  if (usualVariants[arch]?.includes(kind)) kind = '';
  if (arch === 'arm') kind = kind === '' ? 'v7' : kind.replace(/^(?=[5-8]$)/, 'v');
  return [os === 'macos' ? 'darwin' : os, arch, kind].join('/');
}

/** As Go names what this process runs on: Compose's default for a platform that names a system alone. */
const ownArchitecture = (): string => {
  const named: Record<string, string> = { x64: 'amd64', ia32: '386', mipsel: 'mipsle' };
  const little = process.arch === 'ppc64' && endianness() === 'LE';
  return little ? 'ppc64le' : (named[process.arch] ?? process.arch);
};

/** `linux/amd64`, `linux/arm64/v8`, `linux` or `x86_64`, as a compose file has it, in one way to say it. */
function asked(platform: string): string {
  const [first = '', architecture, variant = ''] = platform.split('/');
  if (architecture !== undefined) return normal(first, architecture, variant);
  return systems.test(normal(first, '', '').split('/')[0]!)
    ? normal(first, ownArchitecture(), '')
    : normal('linux', first, '');
}

/**
 * Whether an image is for that platform, by whichever of its names: Compose pulls one anew, or builds it,
 * where it is not.
 */
export const isFor = (image: Described, platform: string | undefined): boolean =>
  !platform || asked(platform) === normal(image.Os ?? '', image.Architecture ?? '', image.Variant ?? '');

/** An image, and the platform that it is to be for where the compose file says so. */
export interface Wanted {
  image: string;
  platform?: string | undefined;
}

const askedMs = 20_000;

/**
 * What the engine has under that name where that is for another platform alone, as `linux/amd64`; else null.
 * An engine may keep one for each platform under one name, and gives the machine's own unless it is asked.
 */
async function otherPlatformOf(
  runtime: Runtime,
  { environment }: ComposeRun,
  { image, platform }: Wanted,
): Promise<string | null> {
  const described = platform ? await describedBy(runtime, image) : null;
  if (described === null || isFor(described, platform)) return null;
  const args = ['image', 'inspect', '--platform', platform!, image];
  const env = { ...process.env, ...environment };
  if ((await readFromDocker(args, env, askedMs)).code === 0) return null;
  return [described.Os, described.Architecture, described.Variant].filter(Boolean).join('/');
}

/** Services whose image the engine has for another platform alone, with what it has. */
export async function ofOtherPlatform(
  runtime: Runtime,
  run: ComposeRun,
  { services }: ComposeConfig,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [name, { image = '', platform }] of Object.entries(services)) {
    const other = image === '' ? null : await otherPlatformOf(runtime, run, { image, platform });
    if (other !== null) found.set(name, other);
  }
  return found;
}

/** A pull would give the user's name to another image: environment error with how he does it himself. */
export const otherPlatform = (service: string, { image, platform }: Wanted, found: string, at: Place) =>
  environmentError(`image ${image} of ${service} is here for another platform`, {
    at,
    found,
    expected: `one for ${platform}: a drill gives no name of yours to another image`,
    hint: `\`docker pull --platform ${platform} ${image}\` gives the name to that one`,
  });
