import { expect, test } from 'vitest';
import { comparePasswords, type KeptPassword, type Told } from '../../../drivers/sql/kept-password.ts';
import { withoutSalted } from '../../../drivers/mysql/kept-passwords.ts';
import { sha256Crypt } from '../../../drivers/mysql/sha256-crypt.ts';

/** Of Drepper's paper. */
test.each([
  ['Hello world!', 'saltstring', 5_000, '5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['Hello world!', 'saltstringsaltst', 10_000, '3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
  [
    'a very much longer text to encrypt.  This one even stretches over morethan one line.',
    'anotherlongsalts',
    1_400,
    'Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1',
  ],
  [
    'we have a short salt string but not a short password',
    'short',
    77_777,
    'JiO1O3ZpDAxGJeaDIuqCoEFysAe1mZNJRs3pw0KQRd/',
  ],
])('%s with the salt %s is what crypt makes of it', async (password, salt, rounds, expected) => {
  expect(await sha256Crypt(Buffer.from(password), Buffer.from(salt), rounds)).toBe(expected);
});

const salt = "it's 20 bytes of \\sa";
const kept = async (password: string, with20 = salt): Promise<string> =>
  `$A$005$${with20}${await sha256Crypt(Buffer.from(password), Buffer.from(with20), 5_000)}`;
const created = (stored: string): string =>
  `CREATE USER \`shop\`@\`%\` IDENTIFIED WITH 'caching_sha2_password' AS 0x${Buffer.from(stored).toString('hex').toUpperCase()} REQUIRE NONE`;
const read = async (text: string, passwords: string[] = []): Promise<KeptPassword> =>
  (await withoutSalted(text, passwords)).passwords[0]!;

test('what is salted is taken out of a definition, in digits or in quotes, and the rest stays', async () => {
  const stored = await kept('spring');
  const rest =
    "CREATE USER `shop`@`%` IDENTIFIED WITH 'caching_sha2_password' AS what is salted REQUIRE NONE";
  const inQuotes = `'${stored.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  const quoted = created(stored).replace(/0x[0-9A-F]+/, () => inQuotes);
  for (const text of [created(stored), quoted]) {
    const found = await withoutSalted(text, ['spring']);
    expect(found.text).toBe(rest);
    expect(found.passwords).toEqual([await read(created(stored), ['spring'])]);
    expect(found.passwords[0]!.known).not.toBeNull();
  }
});

test.each([
  "CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'",
  "CREATE USER `a`@`%` IDENTIFIED WITH 'mysql_native_password' AS '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'",
  "CREATE USER `a`@`%` IDENTIFIED VIA ed25519 USING 'ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY'",
  "CREATE USER `a`@`%` IDENTIFIED WITH 'caching_sha2_password' REQUIRE NONE",
])('%s is compared as it stands', async (text) => {
  expect(await withoutSalted(text, ['a'])).toEqual({ text, passwords: [] });
});

test.each<[string, Promise<[string, string]>, [string[], string[]], Told]>([
  ['the same', both('spring', 'spring', salt), [[], []], 'same'],
  ['another one with the same salt', both('spring', 'autumn', salt), [[], []], 'other'],
  ['another salt, and nobody knows either', both('spring', 'spring'), [[], []], 'untold'],
  ['another salt, and one that is neither is known', both('spring', 'spring'), [['x'], ['x']], 'untold'],
  ['another salt, of one that is known', both('spring', 'spring'), [['spring'], ['spring']], 'same'],
  ['another one than is known', both('spring', 'autumn'), [['spring'], ['spring']], 'other'],
  ['one that is known, and was another', both('autumn', 'spring'), [['spring'], ['spring']], 'other'],
  ['both are known', both('spring', 'autumn'), [['spring'], ['autumn']], 'other'],
  ['one was not asked about', both('spring', 'spring'), [['spring'], []], 'untold'],
])('%s: %s', async (_name, pair, [knownBefore, knownNow], told) => {
  const [before, now] = await pair;
  const [a, b] = await Promise.all([read(before, knownBefore), read(now, knownNow)]);
  expect([comparePasswords(a, b), comparePasswords(b, a)]).toEqual([told, told]);
});

async function both(
  before: string,
  now: string,
  saltNow = 'twenty other bytes..',
): Promise<[string, string]> {
  return [created(await kept(before)), created(await kept(now, saltNow))];
}
