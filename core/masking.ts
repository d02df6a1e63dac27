/**
 * Replaces every secret value in a text that a tool printed. Values shorter than 6 characters are too common
 * to be secrets.
 */
export function masked(text: string, secrets: Iterable<string>): string {
  return longestFirst(secrets).reduce((out, secret) => out.replaceAll(secret, '***'), text);
}

/** A secret within a secret must not leave the rest of the longer one standing. */
const longestFirst = (secrets: Iterable<string>): string[] =>
  [...new Set(secrets)].filter((secret) => secret.length >= 6).sort((a, b) => b.length - a.length);

/** Lines of a key in PEM are each as secret as the whole; its first and last line are not. */
const linesOf = (secret: string): string[] =>
  secret.includes('\n')
    ? secret
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line.length >= 16 && !line.startsWith('-----'))
    : [];

/**
 * Masks a text that comes in pieces: a secret that is cut in two by where a piece ends is masked all the
 * same.
 */
export function maskStream(secrets: Iterable<string>): { take(piece: string): string; end(): string } {
  const known = longestFirst([...secrets].flatMap((secret) => [secret, ...linesOf(secret)]));
  const pattern = new RegExp(
    known.map((secret) => secret.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|') || '(?!)',
    'g',
  );
  const held = Math.max(0, ...known.map((secret) => secret.length - 1));
  let rest = '';
  return {
    take: (piece) => {
      rest += piece;
      let cut = Math.max(0, rest.length - held);
      for (const {
        index,
        0: { length },
      } of rest.matchAll(pattern))
        if (index < cut && index + length > cut) cut = index;
      const ready = rest.slice(0, cut).replaceAll(pattern, '***');
      rest = rest.slice(cut);
      return ready;
    },
    end: () => {
      const last = rest.replaceAll(pattern, '***');
      rest = '';
      return last;
    },
  };
}

/** Whether a variable holds a secret, by its name. */
export const looksSecret = (name: string): boolean => /PASS|SECRET|TOKEN|KEY|CREDENTIAL/i.test(name);

/** Values of variables that look secret by name: a user's own compose file has its own. */
export const secretsIn = (variables: Readonly<Record<string, string>>): string[] =>
  Object.entries(variables)
    .filter(([name]) => looksSecret(name))
    .map(([, value]) => value);
