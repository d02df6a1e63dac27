import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Stack } from '../core/stack.ts';
import { createStackProvider } from '../stack/provider.ts';

/** The servers of the tests, of a project of its own. */
export async function redisStackUp(): Promise<Stack> {
  const progress = (line: string): void => console.error(line);
  return createStackProvider({ progress }).up({
    file: fileURLToPath(new URL('../test/fixtures/redis.compose.yml', import.meta.url)),
    drill: `bench-${randomBytes(3).toString('hex')}`,
    environment: { REDIS_PASSWORD: randomBytes(8).toString('hex') },
    progress,
  });
}
