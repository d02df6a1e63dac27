import { constants } from 'node:fs';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** What Compose does with containers that are there already, or only tells: by whichever file. */
const harmless =
  'exec|cp|logs|ps|top|port|images|ls|version|config|stop|kill|pause|unpause|start|restart|wait';

/**
 * Writes `docker` and `docker-compose`, where there are such, into a folder that goes before PATH of a
 * drill's scripts, and gives it. Each is the real one but for Compose on another project than the drill's,
 * and for what makes or removes anything by other files: those end with 64 and say why. It is no wall: who
 * calls the real one by its path is not held back.
 */
export async function scriptTools(
  folder: string,
  drill: { project: string; files: readonly string[] },
  path = process.env['PATH'] ?? '',
): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true, mode: 0o700 });
  for (const name of ['docker', 'docker-compose'])
    if (await isOnPath(name, path))
      await writeFile(join(bin, name), guard(name, bin, drill), { mode: 0o700 });
  return bin;
}

async function isOnPath(name: string, path: string): Promise<boolean> {
  for (const folder of path.split(delimiter)) {
    const found = await access(join(folder, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Options stand before Compose's own command: behind it `-f` means something else. */
const guard = (
  name: string,
  bin: string,
  { project, files }: { project: string; files: readonly string[] },
): string => `#!/bin/sh
# Muster's, for scripts of a drill: Compose acts on the drill's copy.
bin=${quoted(bin)} project=${quoted(project)} files=${quoted(files.join(':'))}
refuse() {
  echo "muster: $1: in a drill Compose acts on the drill's copy. Leave -f and -p out: COMPOSE_FILE and COMPOSE_PROJECT_NAME name it." >&2
  exit 64
}
look() {
  named=\${COMPOSE_PROJECT_NAME-} of=\${COMPOSE_FILE-}
  while [ $# -gt 0 ]; do
    case $1 in
      -f|--file) of="-f \${2-}"; [ $# -gt 1 ] && shift ;;
      --file=*|-f?*) of=$1 ;;
      -p|--project-name) named=\${2-}; [ $# -gt 1 ] && shift ;;
      --project-name=*) named=\${1#*=} ;;
      -p?*) named=\${1#-p} named=\${named#=} ;;
      --project-directory|--profile|--env-file|--ansi|--progress|--parallel|--workdir) [ $# -gt 1 ] && shift ;;
      -*) ;;
      *) break ;;
    esac
    shift
  done
  [ $# -gt 0 ] || return 0
  [ "$named" = "$project" ] || refuse "compose $1 of project \${named:-without a name}"
  case $1 in ${harmless}) return 0 ;; esac
  [ "$of" = "$files" ] || refuse "compose $1 by \${of:-no file}"
}
find() {
  while [ $# -gt 0 ]; do
    case $1 in
      compose) shift; look "$@"; return 0 ;;
      -c|--context|--config|-H|--host|-l|--log-level|--tlscacert|--tlscert|--tlskey) [ $# -gt 1 ] && shift ;;
      -*) ;;
      *) return 0 ;;
    esac
    shift
  done
}
${name === 'docker' ? 'find' : 'look'} "$@"
kept=
IFS=:
for folder in $PATH; do [ "$folder" = "$bin" ] || kept=$kept\${kept:+:}$folder; done
PATH=$kept
exec ${name} "$@"
`;
