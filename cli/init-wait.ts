import type { Recognised } from './init-recognise.ts';

/**
 * Programs of the images that say whether a server answers, without an account: a refusal is an answer. A
 * client of MariaDB that checks certificates, and has no password to do so by, asks nobody.
 */
const asks: Record<string, (host: string) => string> = {
  mysql: (host) => `mysqladmin -h ${host} --silent ping`,
  mariadb: (host) => `mariadb-admin -h ${host} --skip-ssl --silent ping`,
  postgres: (host) => `pg_isready -q -h ${host}`,
};
const waits = /\b(until|while|sleep|wait\w*|ping|pg_isready)\b/;

/**
 * What a shell does before a script that restores and does not wait for the database: one that lost its data
 * is made anew first, and whoever restores by hand begins once it answers. Bounded, so that a server that
 * never answers is the script's to tell of. Null where the script waits by itself, or nothing says how to.
 */
export function waitBefore(
  { driver, service }: Pick<Recognised, 'driver' | 'service'>,
  place: string,
  text: string,
): string | null {
  const ask = asks[driver ?? ''];
  if (!ask || waits.test(text)) return null;
  const host = place === service ? '127.0.0.1' : service;
  return `for _ in $(seq 60); do ${ask(host)} && break; sleep 1; done; `;
}

/** What a reader is told of a command that waits first. */
export const waitGuesses = (command: readonly string[]): string[] =>
  command.some((word) => word.startsWith('for _ in $(seq 60); do '))
    ? [
        'Guess: your script does not wait until the database answers, so that the drill does, for at most a minute.',
      ]
    : [];
