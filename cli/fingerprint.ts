import { writeFileSync } from 'node:fs';
import { parseAs, parseSource, unknownName } from '../core/document.ts';
import { inputError, messageOf, environmentError } from '../core/errors.ts';
import type { SourceServer } from '../core/existing.ts';
import { fingerprintSchema } from '../core/fingerprint.ts';
import { formatCount } from '../core/units.ts';
import { owned, readInput, schemasOf, show } from '../engine/plan-input.ts';
import { registries } from './registries.ts';

/**
 * `muster fingerprint`: reads the server that a variable's URL names, and writes a digest of each table and
 * definition: what a restored backup is held against later. Nothing is written to that server.
 */
export async function fingerprint(
  strategyFile: string,
  component: string,
  flags: { source: string; out?: string },
): Promise<number> {
  const source = parseSource(show(strategyFile), readInput(strategyFile, 'strategy'));
  const { components } = parseAs(source, schemasOf(registries).strategy);
  const declared = owned(components, component);
  if (!declared) throw unknownName(source, ['components'], 'component', component, Object.keys(components));
  const driver = registries.drivers[declared.driver]!;
  if (!driver.existing)
    throw inputError(`no fingerprint can be taken of ${component}`, {
      found: `driver ${declared.driver}`,
      expected: Object.entries(registries.drivers)
        .flatMap(([name, { existing }]) => (existing ? name : []))
        .join(', '),
    });
  const server = serverIn(flags.source, driver.port);
  const taken = await driver.existing.fingerprint(server).catch((error: unknown) => {
    throw environmentError(`the server that ${flags.source} names cannot be read`, {
      found: messageOf(error),
      expected: 'an account that may read all of it',
      cause: error,
    });
  });
  const file = fingerprintSchema.parse({
    schema: 'muster/fingerprint/v1',
    component,
    driver: declared.driver,
    server: taken.server,
    takenAt: new Date().toISOString(),
    ...taken.fingerprint,
  });
  const text = `${JSON.stringify(file, null, 2)}\n`;
  if (flags.out === undefined) process.stdout.write(text);
  else {
    writeFileSync(flags.out, text, { mode: 0o600 });
    const rows = Object.values(file.data).reduce((sum, one) => sum + one.rows, 0);
    const tables = Object.keys(file.data).length;
    process.stdout.write(`${flags.out}: ${formatCount(rows)} rows of ${formatCount(tables)} tables\n`);
    for (const what of file.unread) process.stdout.write(`  and not of ${what}\n`);
  }
  return 0;
}

const schemes = ['mysql:', 'mariadb:', 'postgres:', 'postgresql:', 'redis:', 'valkey:'];
const isHere = (host: string): boolean => /^(?:localhost|127(?:\.\d+){1,3}|\[::1\])$/i.test(host);

/**
 * The server is read without TLS: what goes by a network must not be the password and all rows of somebody's
 * server, least of all where the URL asks for TLS.
 */
function assertNotOverheard(variable: string, url: URL): void {
  // Of what is asked, only what is known to be no secret: libpq takes a password there too.
  const shown = /^(?:tls|ssl|ssl-?mode|gssencmode)$/i;
  const asked = [...url.searchParams].map(([name, value]) => (shown.test(name) ? `${name}=${value}` : name));
  const refused = (message: string, found: string): Error =>
    inputError(`${variable} ${message}`, {
      found,
      expected: 'a server of this machine, or the end of a tunnel to it (ssh -L 5433:127.0.0.1:5432 host)',
      hint: 'where the network is to be trusted, tls=none at the end of the URL says so',
    });
  if (!schemes.includes(url.protocol))
    throw refused('asks for what muster fingerprint does not speak', url.protocol);
  const others = asked.filter((one) => one !== 'tls=none');
  if (others.length > 0) throw refused('asks for what muster fingerprint does not speak', others.join(', '));
  if (!isHere(url.hostname) && asked.length === 0)
    throw refused('names a server that would be read over a network without TLS', url.hostname);
}

/** `mysql://user:password@host:3306/database`, out of a variable: an argument would show the password. */
function serverIn(variable: string, usualPort: number): SourceServer {
  const text = process.env[variable];
  const wrong = (found: string): Error =>
    inputError(`${variable} names no server`, {
      found,
      expected: 'a variable that holds scheme://user:password@host:port/database',
    });
  if (!text) throw wrong(/:\/\//.test(variable) ? 'a URL in the place of a name' : 'nothing');
  if (!URL.canParse(text)) throw wrong('a text that is no URL');
  const url = new URL(text);
  assertNotOverheard(variable, url);
  const said = (part: string): string | undefined => {
    try {
      return part === '' ? undefined : decodeURIComponent(part);
    } catch {
      throw wrong('a % that begins no character: one that is meant is written %25');
    }
  };
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? usualPort : Number(url.port),
    user: said(url.username),
    password: said(url.password),
    database: said(url.pathname.slice(1)),
  };
}
