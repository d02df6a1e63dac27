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
  const flags = secretFlags(service.argv, env);
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
 * What a shell is given as one text is taken apart as the shell would; `$NAME` is the service's own variable.
 */
export function secretFlags(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const words = argv.flatMap((one, i) => (/^-\w*c$/.test(argv[i - 1] ?? '') ? wordsOf(one, env) : [one]));
  const found: Record<string, string> = {};
  for (const [i, word] of words.entries()) {
    const [, flag, value] = /^(--[A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (flag === undefined || !looksSecret(flag)) continue;
    const said = value ?? words[i + 1];
    if (said !== undefined && said !== '' && (value !== undefined || !said.startsWith('--')))
      found[flag] = said;
  }
  return found;
}

/** Words of a shell's command line: quotes are taken off, and variables put in but between single quotes. */
const wordsOf = (text: string, env: Readonly<Record<string, string>>): string[] =>
  [...text.matchAll(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\;|&])+/gs)].map(([word]) =>
    word.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^'"\\]+)/gs, (_, single, double, escaped, plain) => {
      if (single !== undefined) return single as string;
      if (escaped !== undefined) return escaped as string;
      const open = ((double ?? plain) as string).replace(
        /(?<!\\)\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g,
        (_all, braced?: string, fallback?: string, bare?: string) => env[(braced ?? bare)!] || fallback || '',
      );
      return double === undefined ? open : open.replace(/\\(["\\$`])/g, '$1');
    }),
  );
