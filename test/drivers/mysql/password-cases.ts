/** What becomes of an account's password, and what the inventory may say of it. */
export interface PasswordCase {
  name: string;
  /** Given the password that the service says of `app`. */
  change: (own: string) => string | { account: string; sameSalt: string };
  verdict: 'pass' | 'fail' | 'inconclusive';
  said: RegExp;
}

export const passwordCases: PasswordCase[] = [
  {
    name: 'an account of which the service says the password has another one',
    change: () => "ALTER USER app IDENTIFIED BY 'another'",
    verdict: 'fail',
    said: /account app@%: another password(?:$|;|\.)/,
  },
  {
    name: 'root has another password where it comes from elsewhere than Muster does',
    change: () => "ALTER USER root@localhost IDENTIFIED BY 'another'",
    verdict: 'fail',
    said: /account root@localhost: another password(?:$|;|\.)/,
  },
  {
    name: 'an account that Muster knows nothing of has another password with the same salt',
    change: () => ({ account: 'clerk', sameSalt: 'another' }),
    verdict: 'fail',
    said: /account clerk@%: another password(?:$|;|\.)/,
  },
  {
    name: 'an account that came in by two passwords lost the older one',
    change: () => 'ALTER USER turning DISCARD OLD PASSWORD',
    verdict: 'fail',
    said: /account turning@%: another password, plugin or attribute/,
  },
  {
    name: 'an account that Muster knows nothing of has another password with another salt',
    change: () => "ALTER USER clerk IDENTIFIED BY 'another'",
    verdict: 'inconclusive',
    said: /^account clerk@% has its password with another salt, and Muster does not know it.*; the rest is as before/,
  },
  {
    name: 'an account that Muster knows nothing of has the same password with another salt',
    change: () => "ALTER USER clerk IDENTIFIED BY 'first-password'",
    verdict: 'inconclusive',
    said: /^account clerk@% has its password with another salt/,
  },
  {
    name: 'an account of which the service says the password was made anew with it',
    change: (own) => `ALTER USER app IDENTIFIED BY '${own}'`,
    verdict: 'pass',
    said: /accounts with their grants/,
  },
  {
    name: 'an account has the same password with the same salt',
    change: () => ({ account: 'clerk', sameSalt: 'first-password' }),
    verdict: 'pass',
    said: /accounts with their grants/,
  },
];
