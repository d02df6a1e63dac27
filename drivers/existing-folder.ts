import { pipeline, type Readable } from 'node:stream';
import { pollUntil, type Clock } from '../core/clock.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import type { RestoreContext } from '../core/backup.ts';
import type { Service } from '../core/service.ts';
import type { Json } from '../core/timeline.ts';
import { rememberingEnd } from './existing-text.ts';

/** What an archive of a data folder is put in the place of. */
export interface FolderSite {
  service: Service;
  folder: string;
  /** `uid:gid` of its files; null: whoever owns the folder. */
  owner: string | null;
  /** A path by which the data folder is known, wherever it lies in the archive: `global/pg_control`. */
  marks: readonly string[];
  /** Whether the server answers a query: a service without a health check is up before it does. */
  ready(): Promise<boolean>;
  clock: Clock;
  /** Of what ran when it was packed, and must not be there when the server starts. */
  leftovers: readonly string[];
  /** A file of the folder that says the version, and what this server needs it to be. */
  version?: { file: string; expected: string };
}

export const isTar = (head: Buffer): boolean => head.subarray(257, 262).toString('latin1') === 'ustar';

const startsWithinMs = 180_000;
const endBytes = 1024;
const [noTar, noMark, otherVersion] = [91, 92, 93];

/**
 * Nothing of what was there stays, and nothing of the archive but the folder that the mark is in; where there
 * are several the outermost: what lies within may be an older copy.
 */
const script = `folder="$1" owner="$2" marks="$3" leftovers="$4" version="$5" expected="$6"
[ -n "$owner" ] || owner="$(stat -c %u:%g "$folder")"
find "$folder" -mindepth 1 -delete
mkdir -m 700 "$folder/.muster-restored"
tar -x -f - -C "$folder/.muster-restored" --no-same-owner || exit ${noTar}
found=
for mark in $marks; do
  found="$(find "$folder/.muster-restored" -path "*/$mark" | awk -F/ '{ print NF " " $0 }' | sort -n | head -n 1 | cut -d ' ' -f 2-)"
  [ -n "$found" ] && { root="\${found%/$mark}"; break; }
done
if [ -z "$found" ]; then find "$folder/.muster-restored" -mindepth 1 | head -n 5 | sed "s|.*/.muster-restored/||"; exit ${noMark}; fi
if [ -n "$version" ] && [ "$(cat "$root/$version")" != "$expected" ]; then cat "$root/$version"; exit ${otherVersion}; fi
ls -A "$root" | while IFS= read -r entry; do mv -- "$root/$entry" "$folder/"; done
rm -rf "$folder/.muster-restored"
for left in $leftovers; do rm -rf -- "$folder/$left"; done
chown -hR "$owner" "$folder"
du -sk "$folder" | cut -f1`;

/**
 * Unpacks an archive of a data folder in the place of the service's own, and starts the service on it: it
 * recovers as after a crash, for whoever packed it may have done so while it ran. Rejects where the server
 * does not come up; then it is started on nothing, for the next backup that is tried.
 */
export async function restoreFolder(
  site: FolderSite,
  content: Readable,
  { signal, progress }: Pick<RestoreContext, 'signal' | 'progress'>,
): Promise<Json> {
  const { service, folder } = site;
  await service.assertOwnPath(folder);
  assertOnVolume(service, folder);
  await service.stop();
  try {
    const kilobytes = await unpack(site, content, signal, progress);
    await startOn(site, signal).catch((error: unknown) => {
      throw environmentError('the server does not come up on it: it is torn, or of another version', {
        found: messageOf(error),
        cause: error,
      });
    });
    return { kilobytes };
  } catch (error) {
    if (!signal.aborted) await startOnNothing(site).catch(() => undefined);
    throw error;
  }
}

/** What unpacks it has the service's volumes, and nothing else of it. */
function assertOnVolume({ name, mounts }: Service, folder: string): void {
  const paths = mounts.map(({ path }) => path.replace(/\/$/, ''));
  if (paths.some((path) => folder === path || folder.startsWith(`${path}/`))) return;
  throw environmentError(`the data of ${name} is on no volume`, {
    found: `${folder}; mounted: ${paths.join(', ') || 'no volume'}`,
    expected: `a volume at ${folder}`,
  });
}

async function startOn({ service, clock, ready }: FolderSite, signal?: AbortSignal): Promise<void> {
  await service.start();
  await service.waitHealthy(startsWithinMs, signal);
  const isUp = await pollUntil(clock, { everyMs: 100, deadlineMs: startsWithinMs }, ready);
  if (!isUp)
    throw environmentError('it answers no query', { found: await service.logs(8), expected: 'an answer' });
}

async function unpack(
  { service, folder, owner, marks, leftovers, version }: FolderSite,
  content: Readable,
  signal: AbortSignal,
  progress: RestoreContext['progress'],
): Promise<number> {
  const helper = await service.helper({ network: 'none', volumes: true });
  try {
    const counted = rememberingEnd(endBytes, (bytes) => progress(bytes, null, 'bytes'));
    const { code, stdout, stderr } = await helper.exec(
      [
        ...['sh', '-c', script, 'unpack', folder, owner ?? '', marks.join(' '), leftovers.join(' ')],
        ...[version?.file ?? '', version?.expected ?? ''],
      ],
      { stdin: pipeline(content, counted.through, () => undefined), signal },
    );
    // A part that ends between two files is unpacked without a word.
    if (code === 0 && counted.end().some((byte) => byte !== 0))
      throw environmentError('its tar archive is cut off', {
        found: `${counted.seen()} bytes, of which the last are no end`,
        expected: 'two blocks of nothing at the end',
      });
    if (code === 0) return Number(stdout.trim());
    const found = (stdout.trim() || stderr.trim()).split('\n').slice(0, 5).join(', ');
    if (code === noMark)
      throw environmentError('it is a tar archive without a data folder', {
        found: `it holds ${found}`,
        expected: `one with ${marks.join(' or ')}`,
      });
    if (code === otherVersion)
      throw environmentError('it is a data folder of another version', {
        found,
        expected: version!.expected,
      });
    throw environmentError('its tar archive is cut off or damaged', {
      found: stderr.trim().split('\n')[0] || `code ${code}`,
    });
  } finally {
    await helper.remove();
  }
}

async function startOnNothing(site: FolderSite): Promise<void> {
  const { service, folder } = site;
  await service.stop().catch(() => undefined);
  const helper = await service.helper({ network: 'none', volumes: true });
  try {
    await helper.exec(['find', folder, '-mindepth', '1', '-delete']);
  } finally {
    await helper.remove();
  }
  await startOn(site);
}
