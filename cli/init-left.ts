/** Names of files that hold backups. */
const ending =
  /\.(sql|dump|rdb|tar|tgz|bak|archive|zip)(\.(gz|zst|bz2|xz|age|enc|gpg))?$|\.(gz|zst|age|enc|gpg)$/;

/** Where a word of a shell may go on; quotes are taken off. */
const word = String.raw`("[^"\n]*"|'[^'\n]*'|[^\s;&|<>()"']+)`;
const assignment = new RegExp(String.raw`(?:^|[\s;])(?:export\s+|local\s+)?([A-Za-z_]\w*)=${word}`, 'gm');
const targets = [
  new RegExp(String.raw`>>?\s*${word}`, 'g'),
  new RegExp(`(?:--file|--result-file|--archive)[= ]${word}`, 'g'),
  new RegExp(String.raw`\s-(?:f|r|o|cf|czf|zcf)\s+${word}`, 'g'),
  new RegExp(String.raw`\b(?:mv|cp)\s+(?:-\w+\s+)*${word}\s+${word}`, 'g'),
];

/** What a script leaves, by its text, as far as that can be told without running it. */
export interface LeftBy {
  /** Patterns of files that are backups by their names; each with the folder as the script sees it. */
  files: string[];
  /** Whether it takes what to restore as its first word. */
  takesFile: boolean;
  /** Variables that say how long it sleeps. */
  sleeps: string[];
  /** It sleeps for a time of its own: nobody can have it run more often. */
  sleepsFor: string | null;
}

/** `known`: variables whose values are no secret. Whatever else is put into a name is any text. */
export function leftBy(text: string, known: Readonly<Record<string, string>>): LeftBy {
  const plain = withoutComments(text).replaceAll(/\$\([^()]*\)|`[^`\n]*`/g, '*');
  const values = new Map(Object.entries(known));
  const filled = (one: string): string =>
    unquoted(one)
      .replaceAll(/\$\{?([A-Za-z_]\w*)\}?/g, (_, name: string) => values.get(name) ?? '*')
      .replaceAll(/\$\{[^}]*\}|\$\d/g, '*')
      .replaceAll(/\*+/g, '*');
  for (const [, name, value] of plain.matchAll(assignment)) values.set(name!, filled(value!));
  const found = targets.flatMap((target) =>
    [...plain.matchAll(target)].map((match) => filled(match.at(-1)!)).filter((one) => ending.test(one)),
  );
  const sleep = new RegExp(String.raw`\bsleep\s+${word}`).exec(plain)?.[1];
  const slept = sleep === undefined ? null : unquoted(sleep);
  const variable = slept === null ? null : (/^\$\{?([A-Za-z_]\w*)\}?$/.exec(slept)?.[1] ?? null);
  return {
    files: [...new Set(found)],
    takesFile: /\$\{?[1@]/.test(plain),
    sleeps: variable === null ? [] : [variable],
    sleepsFor: variable === null ? slept : null,
  };
}

const unquoted = (text: string): string => text.replaceAll(/["']/g, '');
const withoutComments = (text: string): string => text.replaceAll(/(^|\s)#.*$/gm, '$1');

/** Whether a path lies in one of these folders. */
export const isBelowOne = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path.startsWith(`${folder.replace(/\/$/, '')}/`));
