/**
 * What the compose file says of a service: its named volumes, which of all are file systems of their own, and
 * its restart policy.
 */
export interface DeclaredService {
  volumes: readonly string[];
  ownFileSystems: ReadonlySet<string>;
  restart: string | null;
  /** Accounts that variables of its environment name, by the variable. */
  accounts: Readonly<Record<string, string>>;
}
