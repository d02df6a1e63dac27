import type { MovedService } from '../stack/moved-shape.ts';

/** What a service says of who gets in. Texts are for the reader of what is written. */
export interface Login {
  /** How Muster logs in, or asks; null where nothing is needed. */
  login: string | null;
  /** What is a guess, and how to correct it. */
  guesses: string[];
  /** Settings of the driver. */
  config: Record<string, unknown> | null;
  /** The application's own database, where the service says which. */
  database: string | null;
}
const none: Login = { login: null, guesses: [], config: null, database: null };

/** How Muster gets in, and what of that is a guess. */
export function loginOf(driver: string, service: MovedService): Login {
  const env = service.environment ?? {};
  const says = (name: string): boolean => Boolean(env[name]) || Boolean(env[`${name}_FILE`]);
  if (driver === 'mysql' || driver === 'mariadb') {
    const named = [...productsOf(driver), 'MARIADB', 'MYSQL'].map((prefix) => env[`${prefix}_DATABASE`]);
    return { ...rootLogin(driver, env, says), database: named.find(Boolean) ?? null };
  }
  if (driver === 'postgres') {
    const user = env['POSTGRES_USER'] ?? 'postgres';
    const trusts = env['POSTGRES_HOST_AUTH_METHOD'] === 'trust';
    if (says('POSTGRES_PASSWORD') || trusts)
      return {
        ...none,
        login: `${user}, ${trusts ? 'whom it trusts' : 'by POSTGRES_PASSWORD of the service'}`,
      };
    return {
      ...none,
      login: user,
      guesses: [
        `nothing in the compose file says the password of ${user}: name a secret under config.passwordFrom`,
      ],
    };
  }
  const words = [...(service.command ?? []), ...(service.entrypoint ?? [])].join(' ');
  if (/--requirepass\b/.test(words))
    return { ...none, login: 'by the password of --requirepass in its command' };
  const name = ['REDIS_PASSWORD', 'VALKEY_PASSWORD'].find(says);
  if (name) return { ...none, login: `by ${name} of the service, where the server asks for a password` };
  if (/\.conf\b/.test(words))
    return {
      ...none,
      guesses: [
        'its configuration is a file that was not read: where it asks for a password, name a secret under config.passwordFrom',
      ],
    };
  return none;
}

/** What begins the names of variables that the driver's images read. */
const productsOf = (driver: 'mysql' | 'mariadb'): string[] =>
  driver === 'mysql' ? ['MYSQL'] : ['MARIADB', 'MYSQL'];

/** Root of MySQL or MariaDB, as the variables of their images say it. */
function rootLogin(
  driver: 'mysql' | 'mariadb',
  env: Record<string, unknown>,
  says: (name: string) => boolean,
): Login {
  const usual = productsOf(driver);
  const name = [...usual, 'MARIADB'].map((prefix) => `${prefix}_ROOT_PASSWORD`).find(says);
  const host = usual.map((prefix) => env[`${prefix}_ROOT_HOST`]).find(Boolean);
  const guesses =
    host !== undefined && host !== '%'
      ? [
          `root may log in from ${String(host)} only: name another account under config.user where that keeps Muster out`,
        ]
      : [];
  const empty = ['MARIADB_ALLOW_EMPTY_ROOT_PASSWORD', 'MYSQL_ALLOW_EMPTY_PASSWORD'].find(says);
  if (name === undefined && empty !== undefined)
    return { ...none, login: `root, without a password, as ${empty} says`, guesses };
  if (name !== undefined) {
    const config = usual.some((prefix) => name.startsWith(prefix)) ? null : { passwordFrom: name };
    return { ...none, login: `root, by ${name} of the service`, config, guesses };
  }
  const random = usual.map((prefix) => `${prefix}_RANDOM_ROOT_PASSWORD`).find(says);
  if (random !== undefined)
    return {
      ...none,
      login: `root, by a password that Muster knows, in the drill's copy, in the place of ${random}`,
      guesses,
    };
  const secret = `${usual[0]}_ROOT_PASSWORD`;
  return {
    ...none,
    login: `root, by the secret ${secret}`,
    guesses: [
      ...guesses,
      `nothing in the compose file says the password of root: export ${secret}, or name another secret under config.passwordFrom`,
    ],
  };
}
