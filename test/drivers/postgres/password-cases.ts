/** What becomes of a role's password, and what the inventory may say of it. */
export interface PasswordCase {
  name: string;
  /** Given the password that the service says of `postgres`, for use in quotes. */
  change: (own: string) => string[];
  verdict: 'pass' | 'fail' | 'inconclusive';
  said: RegExp;
}

/** The same iterations and salt, and keys of another password. */
const otherKeys = `DO $do$ BEGIN EXECUTE (SELECT format('ALTER ROLE clerk PASSWORD %L',
  split_part(rolpassword, '$', 1) || '$' || split_part(rolpassword, '$', 2) || '$' || encode(sha256('a'), 'base64') || ':' || encode(sha256('b'), 'base64'))
  FROM pg_authid WHERE rolname = 'clerk'); END $do$`;
const byMd5 = (password: string): string[] => [
  "SET password_encryption = 'md5'",
  `ALTER ROLE older PASSWORD '${password}'`,
];
const asBefore = /roles with their passwords and rights/;

export const passwordCases: PasswordCase[] = [
  {
    name: 'a role of which the service says the password has another one',
    change: () => ["ALTER ROLE postgres PASSWORD 'another'"],
    verdict: 'fail',
    said: /role postgres: another password/,
  },
  {
    name: 'a role that Muster knows nothing of has another password with the same salt',
    change: () => [otherKeys],
    verdict: 'fail',
    said: /role clerk: another password/,
  },
  {
    name: 'a role whose password is kept by MD5 has another one',
    change: () => byMd5('of new'),
    verdict: 'fail',
    said: /role older: another password/,
  },
  {
    name: 'a role of which the service says the password has the same one, kept by MD5',
    change: (own) => ["SET password_encryption = 'md5'", `ALTER ROLE postgres PASSWORD '${own}'`],
    verdict: 'fail',
    said: /role postgres: its password is kept by MD5, and was by SCRAM-SHA-256/,
  },
  {
    name: 'a role that Muster knows nothing of has another password with another salt',
    change: () => ["ALTER ROLE clerk PASSWORD 'another'"],
    verdict: 'inconclusive',
    said: /^role clerk has its password with another salt, and Muster does not know it.*; the rest is as before/,
  },
  {
    name: 'a role that Muster knows nothing of has the same password with another salt',
    change: () => ["ALTER ROLE clerk PASSWORD 'cl3rk'"],
    verdict: 'inconclusive',
    said: /^role clerk has its password with another salt/,
  },
  {
    name: 'a role of which the service says the password was made anew with it',
    change: (own) => [`ALTER ROLE postgres PASSWORD '${own}'`],
    verdict: 'pass',
    said: asBefore,
  },
  {
    name: 'the role that Muster comes in as was made anew with the same password',
    change: () => ["ALTER ROLE boss PASSWORD 'of the boss'"],
    verdict: 'pass',
    said: asBefore,
  },
  {
    name: 'a role whose password is kept by MD5 was made anew with it',
    change: () => byMd5('of old'),
    verdict: 'pass',
    said: asBefore,
  },
];
