import { environmentError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { Json } from '../../core/timeline.ts';

const ours = '.muster-';
const asidePrefix = `${ours}damaged-`;
/** What is kept waits here while the server makes its folder, which must be empty but for hidden names. */
const keptFolder = `${ours}kept`;
const namesShown = 40;

/**
 * What a restore found in the data folder: `data` is the server's own, `kept` is everybody else's and stays
 * where it is.
 */
export interface Found {
  data: string[];
  kept: string[];
}

/**
 * One entry of the data folder. `holdsTables`: of a folder, that files of tables or nothing at all lie in it.
 */
export interface FolderEntry {
  name: string;
  folder: boolean;
  holdsTables: boolean;
  /** Ends as a key does and is none. */
  unreadable: boolean;
}

/**
 * Names that the server gives to what it can make anew, or that a dump holds in another form; a fault may
 * have added something to them.
 */
const serverFiles =
  /^(ibdata|ibtmp|ib_logfile|ib_buffer_pool|ib_\d|#ib|#innodb|undo_|undo\d{3}(\.|$)|aria_log|auto\.cnf|mysqld-auto\.cnf|(mysql|mariadb)_upgrade_|(multi-master|master|relay-log)\.info)|\.(ibd|ibu|sdi|dblwr|err|pid|sock|lock|index|log|state|\d{6,})(\.|$)|~rec~/;
/** Names that the recovery point knows: of its schemas, and of files that its server was told to use. */
export interface Known {
  schemas: readonly string[];
  dataFiles: readonly string[];
}

const serverFolders = /^(mysql|sys|performance_schema|#innodb_\w+|#binlog_cache_files)$/;

/** File names in a setting such as `ibdata1:12M;more:50M:autoextend`. */
export const dataFileNames = (setting: string | undefined): string[] =>
  (setting ?? '')
    .split(';')
    .map((one) => one.split(':')[0]!)
    .filter((name) => name !== '');

/**
 * Tells the server's data from what lies beside it: TLS keys, a keyring and its configuration, a user's own
 * files. A folder is a schema when tables lie in it, when nothing does, or when the recovery point has a
 * schema of that name.
 */
export function tellApart(entries: readonly FolderEntry[], { schemas, dataFiles }: Known): Found {
  const isData = ({ name, folder, holdsTables, unreadable }: FolderEntry): boolean =>
    folder
      ? serverFolders.test(name) || holdsTables || schemas.includes(name)
      : serverFiles.test(name) || dataFiles.includes(name) || unreadable;
  return {
    data: entries.filter(isData).map(({ name }) => name),
    kept: entries.filter((one) => !isData(one)).map(({ name }) => name),
  };
}

const tables = ['ibd', 'MYD', 'MYI', 'MAD', 'MAI', 'sdi', 'CSV', 'CSM', 'ARZ', 'frm', 'opt']
  .map((end) => `-name '*.${end}*'`)
  .join(' -o ');
/** Hidden names stay where they are: the server does not look at them. */
const listScript = `
  set -e; cd "$1"
  find . -mindepth 1 -maxdepth 1 ! -name '.*' -type d -printf 'd %f\\0'
  find . -mindepth 1 -maxdepth 1 ! -name '.*' ! -type d -printf 'f %f\\0'
  find . -mindepth 2 -maxdepth 2 \\( ${tables} \\) -printf 't %h\\0'
  find . -mindepth 1 -maxdepth 1 -type d -empty -printf 't ./%f\\0'
  find . -mindepth 1 -maxdepth 1 -name '*.pem' ! -exec grep -q -e '-----BEGIN' {} \\; -printf 'u %f\\0'
  if [ -d ${keptFolder} ]; then find ${keptFolder} -mindepth 1 -maxdepth 1 -printf 'k %f\\0'; fi
  printf 'r '; cat "./$2" 2>/dev/null || true; printf '\\0'`;

async function look(
  helper: Helper,
  folder: string,
  read: string,
  signal: AbortSignal,
): Promise<{ entries: FolderEntry[]; waiting: string[]; text: string }> {
  const { code, stdout, stderr } = await helper.exec(['sh', '-c', listScript, 'look', folder, read], {
    signal,
  });
  if (code !== 0)
    throw environmentError(`${folder} cannot be listed`, {
      found: stderr.trim() || `code ${code}`,
      expected: 'code 0',
    });
  const lines = stdout.split('\0').filter((line) => line !== '');
  const marked = (kind: string): string[] =>
    lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(2));
  const [withTables, unreadable, waiting] = [new Set(marked('t')), new Set(marked('u')), marked('k')];
  const entries = [
    ...marked('d').map((name) => ({
      name,
      folder: true,
      holdsTables: withTables.has(`./${name}`),
      unreadable: false,
    })),
    // What waits since a restore that was broken off is the one to keep: what bears its name now was made by
    // that restore.
    ...marked('f').map((name) => ({
      name,
      folder: false,
      holdsTables: false,
      unreadable: unreadable.has(name) || waiting.includes(name),
    })),
  ];
  return { entries, waiting, text: marked('r')[0] ?? '' };
}

export interface Cleared {
  /** Of the file that was to be read; empty where there is none. */
  text: string;
  /**
   * Files and bytes of the damaged data, and the folder in which they are; null where there was no room to
   * keep them.
   */
  damaged: { files: number; bytes: number; keptIn: string | null; names: string[] };
  /** What lay beside the data and stays. */
  kept: string[];
  /** Puts what stays back in its place, over what the server made anew meanwhile. */
  putBack(): Promise<void>;
}

interface Clearing extends Known {
  owner: string;
  signal: AbortSignal;
  /** A file whose text is wanted. */
  read: string;
  /** Entry of the new folder in which the damaged data is laid at the end; null: it stays where it is. */
  damagedIn: string | null;
}

/**
 * Empties the data folder for a restore. The damaged data is kept for whoever investigates, in a hidden
 * folder of the same volume, which the server leaves alone. Moving takes no room; where there is none left
 * for the restored data beside it, it is removed instead, and the facts say so. What is not the server's data
 * is not part of it: `putBack` has it where it was.
 */
export async function clearFolder(
  helper: Helper,
  folder: string,
  { owner, signal, read, damagedIn, ...known }: Clearing,
): Promise<Cleared> {
  const run = async (
    what: string,
    script: string,
    args: readonly string[],
    stdin: string | Buffer = '',
  ): Promise<string> => {
    const { code, stdout, stderr } = await helper.exec(
      ['sh', '-c', `set -e; cd "$1"; ${script}`, what, folder, ...args],
      { signal, stdin },
    );
    if (code !== 0)
      throw environmentError(`the data folder: ${what} failed`, {
        found: stderr.trim() || `code ${code}`,
        expected: 'a volume that can be written',
      });
    return stdout.trim();
  };
  const { entries, waiting, text } = await look(helper, folder, read, signal);
  const { data, kept } = tellApart(entries, known);
  const list = (names: readonly string[]): Buffer => Buffer.from(names.map((name) => `./${name}\0`).join(''));
  const [stays, goes] = [list(kept), list(data)];
  const told = await run(
    'setting what stays apart, and moving the damaged data aside',
    asideScript,
    [owner, String(stays.length)],
    Buffer.concat([stays, goes]),
  );
  const [files, kilobytes, aside = ''] = told.split(' ');
  const laidIn = damagedIn === null ? '' : `${damagedIn}/`;
  return {
    text,
    damaged: {
      files: Number(files),
      bytes: Number(kilobytes) * 1024,
      keptIn: aside ? `${folder}/${laidIn}${aside}` : null,
      names: shortened(data),
    },
    kept: shortened([...new Set([...kept, ...waiting])].sort()),
    putBack: async () =>
      void (await run(
        'putting back what stays',
        `find ${keptFolder} -mindepth 1 -maxdepth 1 -exec mv -f -t . {} +; rmdir ${keptFolder}
         if [ -n "$2" ] && [ -n "$3" ] && [ -d "$3" ]; then mv "$2" "$3/"; fi`,
        [aside, damagedIn ?? ''],
      )),
  };
}

/** Names come in one stream: first so many bytes of those that stay. */
const asideScript = `
  mkdir -p ${keptFolder}; head -c "$3" | xargs -0r mv -f -t ${keptFolder} --
  aside="${asidePrefix}$(date -u +%Y%m%dT%H%M%S)-$$"; names=$(mktemp); cat > "$names"
  used=$(xargs -0r du -skc -- < "$names" | tail -n 1 | cut -f 1); used=\${used:-0}
  free=$(df -Pk . | tail -n 1 | awk '{ print $4 }')
  files=$(xargs -0r sh -c 'find "$@" -type f' count < "$names" | wc -l)
  if [ "$free" -lt $((used + used / 4 + 262144)) ]; then
    xargs -0r rm -rf -- < "$names"; aside=
  else
    mkdir "$aside"; xargs -0r mv -t "$aside" -- < "$names"; chown "$2" "$aside"
  fi
  rm -f "$names"; echo "$files $used $aside"`;

const shortened = (names: readonly string[]): string[] =>
  names.length <= namesShown
    ? [...names]
    : [...names.slice(0, namesShown), `and ${names.length - namesShown} more`];

export const damagedFacts = ({ damaged }: Cleared): Json => ({ ...damaged });
