import type { KnownAccount } from '../sql/known-accounts.ts';

/** As a literal that no mode of the session reads otherwise. */
const text = (value: string): string => `_utf8mb4 0x${Buffer.from(value).toString('hex')}`;

/** Accounts that the system of the server vouches for, whatever password they have. */
const bySocket = "'auth_socket', 'unix_socket'";

/**
 * Statements by which each of these accounts, at every host that it may come from, has this password from
 * then on. One that is not there is not made. None for no account.
 */
export const settingPasswords = (accounts: readonly KnownAccount[]): string[] =>
  accounts.length === 0
    ? []
    : ['FLUSH PRIVILEGES', 'SET SESSION group_concat_max_len = 65536', ...accounts.flatMap(one)];

const one = ({ user, password }: KnownAccount): string[] => [
  `SELECT GROUP_CONCAT(CONCAT(QUOTE(User), '@', QUOTE(Host), ' IDENTIFIED BY ', QUOTE(${text(password)}))) INTO @muster_accounts FROM mysql.user WHERE User = ${text(user)} AND plugin NOT IN (${bySocket})`,
  "SET @muster_accounts = IFNULL(CONCAT('ALTER USER ', @muster_accounts), 'DO 0')",
  'PREPARE muster_accounts FROM @muster_accounts',
  'EXECUTE muster_accounts',
  'DEALLOCATE PREPARE muster_accounts',
];
