import { looksSecret } from '../core/masking.ts';
import type { ComposeConfig } from '../stack/compose.ts';
import type { Recognised, Service } from './init-recognise.ts';

/** An account by which another service of the project logs in to a database. */
interface Account {
  user: string;
  password: string;
  /** Who has it, and in which variable its password stands. */
  service: string;
  variable: string;
}

/** Schemes of URLs that lead to one, by driver: `postgresql+asyncpg` is one, too. */
const schemes: Readonly<Record<string, RegExp>> = {
  mysql: /^(?:mysql|mariadb)/,
  mariadb: /^(?:mysql|mariadb)/,
  postgres: /^postgres/,
};
/** Of accounts whose passwords the driver knows already: the service itself says them. */
const ownUsers: Readonly<Record<string, readonly string[]>> = {
  mysql: ['MYSQL_USER'],
  mariadb: ['MARIADB_USER', 'MYSQL_USER'],
  postgres: ['POSTGRES_USER'],
};
const superusers: Readonly<Record<string, string>> = { mysql: 'root', mariadb: 'root', postgres: 'postgres' };

/**
 * Accounts of each database that other services log in by, under `config.passwords`, where the project's own
 * variables hold the password: a server that is made anew has another salt, and by these the inventory tells
 * whether the password is another one, too. `names`: variables by which a drill can ask, with what they say.
 */
export const withAccounts = (
  config: ComposeConfig,
  found: readonly Recognised[],
  names: Readonly<Record<string, string>>,
): Recognised[] =>
  found.map((one) => {
    if (one.driver === null || one.leftOut !== null || !(one.driver in schemes)) return one;
    const own = config.services[one.service] as Service;
    const known = new Set([
      superusers[one.driver]!,
      ...ownUsers[one.driver]!.flatMap((name) => textOf(own.environment?.[name]) ?? []),
    ]);
    const passwords: Record<string, string> = {};
    const accounts: string[] = [];
    const guesses: string[] = [];
    for (const account of accountsAt(config, one.service, schemes[one.driver]!)) {
      const { user, service, variable } = account;
      if (known.has(user)) continue;
      known.add(user);
      const name = nameOf(account.password, { ...names, ...texts(own) });
      if (name === null)
        guesses.push(
          `${user}, by whom ${service} logs in, has a password that only ${variable} of ${service} says: where the inventory cannot tell whether it is another one, export it and name it under config: { passwords: { ${user}: … } }`,
        );
      else {
        passwords[user] = name;
        accounts.push(`Guess: ${name} is the password of ${user}, by whom ${service} logs in.`);
      }
    }
    if (accounts.length === 0) return { ...one, guesses: [...one.guesses, ...guesses] };
    return {
      ...one,
      config: { ...one.config, passwords },
      accounts,
      guesses: [...one.guesses, ...guesses],
    };
  });

const textOf = (value: unknown): string | null =>
  value === null || value === undefined || value === '' ? null : String(value);
const texts = ({ environment = {} }: Service): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => {
      const text = textOf(value);
      return text === null ? [] : [[name, text]];
    }),
  );

/** The variable that says it; of several the one whose name looks so. */
function nameOf(password: string, names: Readonly<Record<string, string>>): string | null {
  const same = Object.keys(names).filter((name) => names[name] === password);
  return same.find(looksSecret) ?? same[0] ?? null;
}

/** By what name, or names, others on its networks know it. */
function hostsOf(service: string, { container_name: container, networks = {}, hostname }: Service): string[] {
  const aliases = Object.values(networks).flatMap((one) => one?.aliases ?? []);
  return [service, container, hostname, ...aliases].flatMap((one) => one ?? []);
}

/** Of every other service: URLs, and variables that belong together by how their names begin. */
function accountsAt({ services }: ComposeConfig, database: string, scheme: RegExp): Account[] {
  const hosts = hostsOf(database, services[database] as Service);
  return Object.entries(services)
    .filter(([name]) => name !== database)
    .flatMap(([service, declared]) => {
      const env = texts(declared as Service);
      return [...inUrls(env, hosts, scheme), ...inVariables(env, hosts)].map((one) => ({ ...one, service }));
    });
}

type Found = Omit<Account, 'service'>;

function inUrls(env: Readonly<Record<string, string>>, hosts: readonly string[], scheme: RegExp): Found[] {
  return Object.entries(env).flatMap(([variable, text]) => {
    // As URL would take it, but for names of hosts that are none to it, such as `my_db`.
    const [, is, user, password, host] =
      /^(?:jdbc:)?([a-z][a-z0-9+.-]*):\/\/([^:@/\s]+):([^@/\s]+)@([^:/?,\s]+)/i.exec(text) ?? [];
    if (is === undefined || !scheme.test(is.toLowerCase()) || !hosts.includes(host!)) return [];
    return [{ user: decoded(user!), password: decoded(password!), variable }];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `DB_HOST`, `DB_USER`, `DB_PASSWORD`; `PGHOST`, `PGUSER`, `PGPASSWORD`. */
function inVariables(env: Readonly<Record<string, string>>, hosts: readonly string[]): Found[] {
  const ends = (names: string): RegExp => new RegExp(`^(.*?)(?:${names})$`, 'i');
  const host = ends('HOST|HOSTNAME|SERVER|ADDR|ADDRESS');
  const leads = Object.entries(env).flatMap(([name, text]) => {
    const begin = host.exec(name)?.[1];
    return begin !== undefined && hosts.includes(text.split(':')[0]!) ? [begin] : [];
  });
  return leads.flatMap((begin) => {
    const named = (names: string[]): string | undefined =>
      names.map((name) => Object.keys(env).find((one) => one.toUpperCase() === name)).find(Boolean);
    const begun = (all: string[]): string[] => all.map((one) => `${begin}${one}`.toUpperCase());
    const user = named(begun(['USER', 'USERNAME', 'USER_NAME', 'LOGIN']));
    const variable = named(begun(['PASSWORD', 'PASS', 'PASSWD', 'PWD', 'USER_PASSWORD']));
    return user === undefined || variable === undefined
      ? []
      : [{ user: env[user]!, password: env[variable]!, variable }];
  });
}
