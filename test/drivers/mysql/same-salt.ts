import { sha256Crypt } from '../../../drivers/mysql/sha256-crypt.ts';
import type { MysqlStack } from '../mysql-stack.ts';

/** A statement that gives an account another password with the salt that it has (caching_sha2_password). */
export async function sameSalt({ sql }: MysqlStack, account: string, password: string): Promise<string> {
  const [row] = await sql('SET SESSION print_identified_with_as_hex = ON', `SHOW CREATE USER ${account}`);
  const stored = Buffer.from(/ AS 0x([0-9A-F]+)/.exec(Object.values(row!)[0] as string)![1]!, 'hex');
  // `$A$`, thousands of rounds in three digits of base 16, `$`, 20 bytes of salt, 43 characters.
  const head = stored.subarray(0, 27);
  const rounds = Number.parseInt(head.toString('latin1', 3, 6), 16) * 1_000;
  const hash = await sha256Crypt(Buffer.from(password), head.subarray(7), rounds);
  const kept = Buffer.concat([head, Buffer.from(hash)]).toString('hex');
  return `ALTER USER ${account} IDENTIFIED WITH caching_sha2_password AS 0x${kept}`;
}
