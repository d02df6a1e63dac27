import { createHash } from 'node:crypto';
import { readCarried } from './carried.ts';
import type { MysqlSite } from './site.ts';

const sha1 = (content: Buffer | string): Buffer => createHash('sha1').update(content).digest();

/** As mysql_native_password stores one. */
const stored = (password: string): string => `*${sha1(sha1(password)).toString('hex').toUpperCase()}`;

/** Passwords in option files of a client (mariadb.com/kb, "Configuring MariaDB with Option Files"). */
export const passwordsIn = (text: string): string[] =>
  [...text.matchAll(/^\s*password\s*=\s*(.*?)\s*$/gm)].map(([, value]) =>
    value!.replace(/^(["'])(.*)\1$/, '$2'),
  );

/**
 * The text by which an account is made, without the password that a file of the data folder says: an image
 * makes it up with each new folder, so that after a load of somebody's own it is another one, and right. One
 * that is not the file's stays.
 */
export async function withoutFolderPassword(
  site: Pick<MysqlSite, 'service' | 'dataFolder' | 'product'>,
): Promise<(text: string) => string> {
  if (site.product.carried.length === 0) return (text) => text;
  const files = await readCarried(site).catch(() => []);
  const known = files.flatMap(({ name, content }) =>
    passwordsIn(content.toString('utf8')).map((password) => ({ name, text: stored(password) })),
  );
  return (text) => known.reduce((now, one) => now.replaceAll(one.text, `as ${one.name} says`), text);
}
