import { execFile, type ExecFileException } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { environmentError, messageOf } from '../core/errors.ts';

/** What Compose does with containers that are there already, or only tells: by whichever file. */
const harmless =
  'exec|cp|logs|ps|top|port|images|ls|version|config|stop|kill|pause|unpause|start|restart|wait';

export interface GuardedDrill {
  project: string;
  files: readonly string[];
  /** As DOCKER_HOST names it. Default: whatever DOCKER_HOST of the script says. */
  engine?: string | undefined;
}

/**
 * Writes `docker` and `docker-compose`, where there are such, into a folder that goes before PATH of a
 * drill's scripts, and gives it: in the first of `folders` where programs can be started. Each is the real
 * one but for Compose on another project or engine than the drill's, for what makes or removes anything by
 * other files, and for what has Compose move or remove names of images: those end with 64 and say why. It is
 * no wall: who calls the real one by its path is not held back. Environment error where it cannot be started
 * in any: the shell would pass on to the real one.
 */
export async function scriptTools(
  folders: readonly string[],
  drill: GuardedDrill,
  path = process.env['PATH'] ?? '',
): Promise<string> {
  const names: string[] = [];
  for (const name of ['docker', 'docker-compose']) if (await isOnPath(name, path)) names.push(name);
  const failed: string[] = [];
  for (const folder of folders) {
    const bin = join(folder, 'bin');
    try {
      await mkdir(bin, { recursive: true, mode: 0o700 });
      for (const name of names) {
        await writeFile(join(bin, name), guard(name, bin, drill), { mode: 0o700 });
        await assertRefuses(join(bin, name), path);
      }
      return bin;
    } catch (error) {
      failed.push(`${bin}: ${messageOf(error)}`);
      await rm(bin, { recursive: true, force: true }).catch(() => undefined);
    }
  }
  throw environmentError(
    'what keeps scripts to the drill cannot be started: no command runs on this machine',
    {
      found: failed.join('\n'),
      expected: 'a folder in which programs can be started',
      hint: 'TMPDIR names a folder on a file system that is not mounted `noexec`',
    },
  );
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

const triedMs = 10_000;
const busyMs = 20;

/** Starts it once, on a project that is no drill's. Rejects where it is not what answers. */
async function assertRefuses(program: string, path: string): Promise<void> {
  const args = [...(program.endsWith('compose') ? [] : ['compose']), '-p', 'nobody', 'up'];
  const options = { env: { PATH: path }, timeout: triedMs };
  const untilMs = systemClock.nowMs() + triedMs;
  for (;;) {
    const { error, said } = await new Promise<{ error: ExecFileException | null; said: string }>((resolve) =>
      execFile(program, args, options, (error, _, said) => resolve({ error, said })),
    );
    if (error?.code === refused && said.startsWith('muster: ')) return;
    // What this process was starting meanwhile still has the file open as it was written.
    if (String(error?.code) !== 'ETXTBSY' || systemClock.nowMs() > untilMs)
      throw error ?? new Error(`it does not refuse: ${said}`);
    await systemClock.sleep(busyMs);
  }
}

const refused = 64;
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Of docker, and of docker-compose as well: another engine than the drill's. */
const engineOptions = `\
      -H|--host) _muster_at=\${2-}; [ $# -gt 1 ] && shift ;;
      --host=*) _muster_at=\${1#*=} ;;
      -H?*) _muster_at=\${1#-H} _muster_at=\${_muster_at#=} ;;
      -c|--context) _muster_in "\${2-}"; [ $# -gt 1 ] && shift ;;
      --context=*) _muster_in "\${1#*=}" ;;
      -c?*) _muster_at=\${1#-c}; _muster_in "\${_muster_at#=}" ;;
      --config|-l|--log-level|--tlscacert|--tlscert|--tlskey) [ $# -gt 1 ] && shift ;;`;
/** Flags without a value that stand before another in one word: \`-Dc prod\`. */
const clusters = (flags: string): string =>
  `-[${flags}]?*) _muster_one=-\${1#-?}; shift; set -- "$_muster_one" "$@"; continue ;;`;

/**
 * Options stand before Compose's own command: behind it `-f` means something else. Every name is of its own:
 * a variable that a script exported goes on to the real one as it is, PATH and IFS among them.
 */
const guard = (name: string, bin: string, { project, files, engine }: GuardedDrill): string => `#!/bin/sh
# Muster's, for scripts of a drill: Compose acts on the drill's copy.
_muster_bin=${quoted(bin)} _muster_project=${quoted(project)} _muster_files=${quoted(files.join(':'))}
_muster_engine=${engine === undefined ? '${DOCKER_HOST-}' : quoted(engine)} _muster_at=\${DOCKER_HOST-}
_muster_refuse() {
  echo "muster: $1: in a drill Compose acts on the drill's copy. Leave $2" >&2
  exit ${refused}
}
_muster_in() { [ "$1" = default ] && _muster_at=\${DOCKER_HOST-} || _muster_at="context $1"; }
_muster_plain() {
  _muster_one=\${1%/}
  case $_muster_one in unix:///var/run/*) _muster_one=unix://\${_muster_one#unix:///var} ;; esac
}
_muster_look() {
  _muster_named=\${COMPOSE_PROJECT_NAME-} _muster_of=\${COMPOSE_FILE-}
  while [ $# -gt 0 ]; do
    case $1 in
      ${clusters('hvD')}
      -f|--file) _muster_of="-f \${2-}"; [ $# -gt 1 ] && shift ;;
      --file=*|-f?*) _muster_of=$1 ;;
      -p|--project-name) _muster_named=\${2-}; [ $# -gt 1 ] && shift ;;
      --project-name=*) _muster_named=\${1#*=} ;;
      -p?*) _muster_named=\${1#-p} _muster_named=\${_muster_named#=} ;;
${engineOptions}
      --project-directory|--profile|--env-file|--ansi|--progress|--parallel|--workdir) [ $# -gt 1 ] && shift ;;
      -*) ;;
      *) break ;;
    esac
    shift
  done
  [ $# -gt 0 ] || return 0
  _muster_out="-f and -p out: COMPOSE_FILE and COMPOSE_PROJECT_NAME name it."
  _muster_plain "$_muster_engine"; _muster_engine=$_muster_one
  _muster_plain "$_muster_at"; [ "$_muster_one" = "$_muster_engine" ] ||
    _muster_refuse "compose $1 on \${_muster_at:-no engine}" "-H and --context out: DOCKER_HOST names its engine."
  [ "$_muster_named" = "$_muster_project" ] ||
    _muster_refuse "compose $1 of project \${_muster_named:-without a name}" "$_muster_out"
  case $1 in ${harmless}) return 0 ;; esac
  [ "$_muster_of" = "$_muster_files" ] ||
    _muster_refuse "compose $1 by \${_muster_of:-no file}" "$_muster_out"
  _muster_images "$@"
}
_muster_images() {
  _muster_one=$1
  while shift && [ $# -gt 0 ]; do
    case $1 in
      --pull|--policy|--rmi) _muster_named=$1 _muster_of=\${2-} ;;
      --pull=*|--policy=*|--rmi=*) _muster_named=\${1%%=*} _muster_of=\${1#*=} ;;
      *) continue ;;
    esac
    case $_muster_one$_muster_named=$_muster_of in
      build--pull=*) _muster_of= ;;
      *--pull=never|*--pull=missing|pull--policy=never|down--rmi=local) continue ;;
      *--pull=*|pull--policy=*|down--rmi=*) ;;
      *) continue ;;
    esac
    _muster_refuse "compose $_muster_one $_muster_named\${_muster_of:+ $_muster_of}" \
      "$_muster_named out: names of images stay what they are."
  done
}
_muster_find() {
  while [ $# -gt 0 ]; do
    case $1 in
      compose) shift; _muster_look "$@"; return 0 ;;
      ${clusters('vD')}
${engineOptions}
      -*) ;;
      *) return 0 ;;
    esac
    shift
  done
}
${name === 'docker' ? '_muster_find' : '_muster_look'} "$@"
_muster_rest=$PATH:
while [ -n "$_muster_rest" ]; do
  _muster_one=\${_muster_rest%%:*} _muster_rest=\${_muster_rest#*:}
  [ "$_muster_one" = "$_muster_bin" ] || [ "\${_muster_one:-.}" -ef "$_muster_bin" ] && continue
  [ -f "\${_muster_one:-.}/${name}" ] && [ -x "\${_muster_one:-.}/${name}" ] || continue
  exec "\${_muster_one:-.}/${name}" "$@"
done
echo "${name}: not found" >&2
exit 127
`;
