import { environmentError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';

/** In here the restored cluster is made, beside what is there: hidden names mean nothing to a server. */
export const newFolder = '.muster-new';
const asidePrefix = '.muster-damaged-';

/**
 * Names that the server gives to what is its own, as a pattern of the shell; a fault may have added something
 * to them. Whatever else lies there, such as keys for TLS, is the user's and stays.
 */
const own =
  'PG_VERSION*|base|base.*|global|global.*|pg_[a-z]*|postmaster.*|postgresql.*|current_logfiles*|backup_label*|backup_manifest*|tablespace_map*|standby.signal*|recovery.signal*|.muster-mark*';

/** Names, one argument each, in the order of the shell; hidden ones too. */
const everything = '* .[!.]*';

const clearScript = `
  cd "$1"
  for name in ${everything}; do
    { [ -e "$name" ] || [ -L "$name" ]; } || continue
    case "$name" in ${own}) rm -rf -- "$name" ;; esac
  done`;

/** First what says that there is a cluster goes, last it comes: nobody takes half of one for a whole. */
const swapScript = `
  cd "$1"; aside="${asidePrefix}$(date -u +%Y%m%dT%H%M%S)-$$"; mkdir -m 0700 "$aside"; chown "$2" "$aside"
  [ ! -e PG_VERSION ] || mv PG_VERSION "$aside/"
  for name in ${everything}; do
    { [ -e "$name" ] || [ -L "$name" ]; } || continue
    case "$name" in
      .muster-mark*) mv -- "$name" "$aside/" ;;
      .muster-*) ;;
      ${own}) mv -- "$name" "$aside/" ;;
    esac
  done
  cd ${newFolder}
  for name in ${everything}; do
    [ -e "$name" ] || continue
    [ "$name" != PG_VERSION ] || continue
    [ ! -e "../$name" ] || mv -- "../$name" "../$aside/"
    mv -- "$name" ..
  done
  mv PG_VERSION ..; cd ..; rmdir ${newFolder}; sync
  [ "$(ls -A "$aside")" ] || { rmdir "$aside"; aside=; }
  echo "$aside"`;

/** Of the given names: what is written comes by the standard input. */
const putScript = 'cat > "$1"; chown "$2" "$1"; chmod 600 "$1"';

async function script(
  helper: Helper,
  what: string,
  text: string,
  args: string[],
  { signal, stdin = '' }: { signal: AbortSignal; stdin?: string },
): Promise<string> {
  const { code, stdout, stderr } = await helper.exec(['sh', '-euc', text, what, ...args], { signal, stdin });
  if (code !== 0)
    throw environmentError(`the data folder: ${what} failed`, {
      found: stderr.trim() || `code ${code}`,
      expected: 'a volume that can be written',
    });
  return stdout.trim();
}

/**
 * Room for a cluster of so many bytes: where there is not enough for it beside what is there, that goes
 * first. True where it had to.
 */
export async function makeRoom(
  helper: Helper,
  folder: string,
  bytes: number,
  signal: AbortSignal,
): Promise<boolean> {
  const free = await script(
    helper,
    'looking for room',
    'mkdir -p "$1"; df -Pk "$1" | tail -n 1 | awk \'{ print $4 }\'',
    [folder],
    { signal },
  );
  if (Number(free) * 1024 >= bytes * 1.25 + 256 * 1024 * 1024) return false;
  await script(helper, 'making room', clearScript, [folder], { signal });
  return true;
}

/** Settings that lay in the folder of the server that was backed up, into the new one. */
export async function laySettings(
  helper: Helper,
  folder: string,
  files: Readonly<Record<string, string>>,
  { owner, signal }: { owner: string; signal: AbortSignal },
): Promise<void> {
  for (const [name, text] of Object.entries(files))
    await script(helper, 'laying settings', putScript, [`${folder}/${newFolder}/${name}`, owner], {
      signal,
      stdin: text,
    });
}

/**
 * Puts the restored cluster in the place of what is there. That is kept for whoever investigates, in a hidden
 * folder of the same volume, which the server leaves alone; gives its path, null where there was nothing.
 */
export async function swap(
  helper: Helper,
  folder: string,
  owner: string,
  signal: AbortSignal,
): Promise<string | null> {
  const aside = await script(helper, 'putting the restored data in its place', swapScript, [folder, owner], {
    signal,
  });
  return aside === '' ? null : `${folder}/${aside}`;
}
