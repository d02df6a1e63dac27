import { looksSecret } from '../core/masking.ts';
import { environmentError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';

/** What a service says of itself: its variables, the files that they name, and options of its command. */
export interface OwnSecrets {
  /**
   * A variable of its environment; the file that `NAME_FILE` names, without the newlines at its end; or an
   * option of its command such as `--requirepass`. Null where it says nothing, or nothing but an empty text.
   * Environment error where the file that it names cannot be read.
   */
  say(name: string): string | null;
  /** Those that are secret, to be masked. */
  readonly values: readonly string[];
}

const readingMs = 30_000;

/** Files are read in the container: a secret of Compose, or one that an entry point wrote, is only there. */
export async function readOwnSecrets(
  service: Pick<Service, 'name' | 'env' | 'argv' | 'exec'>,
): Promise<OwnSecrets> {
  const { env } = service;
  const flags = secretFlags(service.argv, env, await namedInCommand(service));
  const files = new Map<string, string | Error>();
  for (const [variable, path] of Object.entries(env)) {
    const name = /^(.+)_FILE$/.exec(variable)?.[1];
    // Where both are given the official images refuse to start; a path that is no path names nothing.
    if (name === undefined || !looksSecret(name) || !path.startsWith('/')) continue;
    files.set(name, await contentOf(service, variable, path));
  }
  const say = (name: string): string | null => {
    if (env[name]) return env[name];
    const file = files.get(name);
    if (file instanceof Error) throw file;
    return file || flags[name] || null;
  };
  const texts = [...files.values()].filter((one) => typeof one === 'string');
  return { say, values: [...texts, ...Object.values(flags)] };
}

/** Files that a shell puts into its command by `$(cat …)`; one that cannot be read is left out. */
async function namedInCommand(
  service: Pick<Service, 'name' | 'env' | 'argv' | 'exec'>,
): Promise<Record<string, string>> {
  const { argv, env } = service;
  const paths = new Set(
    argv.flatMap((one, i) =>
      isShellText(argv, i)
        ? [...one.matchAll(readsFile)].map((match) => withVariables(fileOf(match), env))
        : [],
    ),
  );
  const found: Record<string, string> = {};
  for (const path of paths) {
    const content = path.startsWith('/') ? await contentOf(service, 'its command', path) : null;
    if (typeof content === 'string') found[path] = content;
  }
  return found;
}

async function contentOf(
  { name, exec }: Pick<Service, 'name' | 'exec'>,
  variable: string,
  path: string,
): Promise<string | Error> {
  const failed = (found: string): Error =>
    environmentError(`${variable} of ${name} cannot be read`, { found, expected: path });
  const read = await exec(['cat', path], { deadlineMs: readingMs }).catch((error: unknown) =>
    failed(error instanceof Error ? error.message : String(error)),
  );
  if (read instanceof Error) return read;
  return read.code === 0
    ? read.stdout.replace(/[\r\n]+$/, '')
    : failed(read.stderr.trim() || `code ${read.code}`);
}

/**
 * Options of a command whose names look secret, `--requirepass x` and `--password=x`, with what they say.
 * What a shell is given as one text is taken apart as the shell would; `$NAME` is the service's own variable,
 * `$(cat FILE)` what `files` has by that path. What else a shell would have to run is not known, and left
 * out.
 */
export function secretFlags(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const words = argv.flatMap((one, i) => (isShellText(argv, i) ? wordsOf(one, env, files) : [one]));
  const found: Record<string, string> = {};
  for (const [i, word] of words.entries()) {
    const [, flag, value] = /^(--[A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word ?? '') ?? [];
    if (flag === undefined || !looksSecret(flag)) continue;
    const said = value ?? words[i + 1];
    if (said && (value !== undefined || !said.startsWith('--'))) found[flag] = said;
  }
  return found;
}

const isShellText = (argv: readonly string[], i: number): boolean => /^-\w*c$/.test(argv[i - 1] ?? '');

/** `$(cat FILE)`, `$(< FILE)` and the same between backticks. */
const readsFile =
  /(?<!\\)(?:\$\(\s*(?:cat\s|<)\s*(["']?)([^\s"'()]+)\1\s*\)|`\s*cat\s+(["']?)([^\s"'`]+)\3\s*`)/g;
const fileOf = ([, , bracketed, , ticked]: RegExpMatchArray): string => (bracketed ?? ticked)!;

const withVariables = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replace(
    /(?<!\\)\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g,
    (_all, braced?: string, fallback?: string, bare?: string) => env[(braced ?? bare)!] || fallback || '',
  );

/**
 * Words of a shell's command line: quotes are taken off, and variables and files put in but between single
 * quotes. Null for one with a command in it that would have to be run.
 */
function wordsOf(
  text: string,
  env: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>>,
): (string | null)[] {
  const contents: Record<string, string> = {};
  const plain = text.replace(readsFile, (all, ...match) => {
    const content = files[withVariables(fileOf([all, ...match] as unknown as RegExpMatchArray), env)];
    if (content === undefined) return all;
    const name = `file_${Object.keys(contents).length}_of_the_command`;
    contents[name] = content;
    return `\${${name}}`;
  });
  const known = { ...env, ...contents };
  return [...plain.matchAll(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\;|&])+/gs)].map(([word]) =>
    wordOf(word, known),
  );
}

function wordOf(text: string, env: Readonly<Record<string, string>>): string | null {
  let isKnown = true;
  const word = text.replace(
    /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^'"\\]+)/gs,
    (_, single, double, escaped, plain) => {
      if (single !== undefined) return single as string;
      if (escaped !== undefined) return escaped as string;
      const said = (double ?? plain) as string;
      if (/(?<!\\)(?:\$\(|`)/.test(said)) isKnown = false;
      const open = withVariables(said, env);
      return double === undefined ? open : open.replace(/\\(["\\$`])/g, '$1');
    },
  );
  return isKnown ? word : null;
}
