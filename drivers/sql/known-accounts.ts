import { z } from 'zod';
import type { RestoreContext } from '../../core/backup.ts';
import type { AttachContext } from '../../core/driver.ts';

/** An account whose password Muster knows. */
export interface KnownAccount {
  user: string;
  password: string;
}

/** As a strategy names them: accounts, and the secrets that hold their passwords. */
export const passwordsSchema = z
  .record(z.string().min(1), z.string().min(1))
  .default({})
  .describe(
    'Secrets that hold the passwords of further accounts, by account. A server keeps a password with another salt whenever it is set: by these the inventory tells whether it is another one',
  );

/** Of those the ones, each once, whose password the backup cannot have, because it was made for this run. */
export const madeAnew = (
  known: readonly KnownAccount[],
  isOfThisRun: RestoreContext['isOfThisRun'],
): KnownAccount[] => [
  ...new Map(
    known.filter(({ password }) => isOfThisRun?.(password) ?? false).map((one) => [one.user, one]),
  ).values(),
];

/** What a restore test says of passwords that it set. */
export const setAnew = (accounts: readonly KnownAccount[]): string =>
  `the backup has other passwords of ${accounts.map(({ user }) => user).join(' and ')}, made by the run that made it: those of this run were set in their place`;

type Says = (name: string) => string | null;

/**
 * Muster's own account, those that the strategy names, and those that the service itself says in its
 * environment. `said`: names of accounts and their passwords, null for what it does not say. What it cannot
 * be asked is not known, and refuses nobody; a secret that the strategy names and that nobody knows is an
 * input error.
 */
export function knownAccounts(
  context: Pick<AttachContext<{ passwords: Record<string, string> }>, 'own' | 'secret' | 'config'>,
  itself: { user: string; password: string | null },
  said: (says: Says) => (readonly [user: string | null, password: string | null])[],
): KnownAccount[] {
  const says: Says = (name) => {
    try {
      return context.own?.(name) ?? null;
    } catch {
      return null;
    }
  };
  const named = Object.entries(context.config.passwords).map(
    ([user, secret]) => [user, context.secret(secret)] as const,
  );
  const all = [[itself.user, itself.password] as const, ...named, ...said(says)];
  return all.flatMap(([user, password]) => (user === null || password === null ? [] : [{ user, password }]));
}
