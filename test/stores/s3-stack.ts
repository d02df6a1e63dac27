import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stack } from '../../core/stack.ts';
import { createStackProvider } from '../../stack/provider.ts';

const compose = `services:
  s3:
    image: \${MUSTER_IMAGE_VERSITYGW:-ghcr.io/versity/versitygw:v1.8.0}
    command: [--port, ":7070", --health, /health, posix, --versioning-dir, /versions, /buckets]
    environment: { ROOT_ACCESS_KEY: "\${S3_ACCESS_KEY:?}", ROOT_SECRET_KEY: "\${S3_SECRET_KEY:?}" }
    volumes: ["buckets:/buckets", "versions:/versions"]
    ports: ["127.0.0.1::7070"]
    healthcheck: { test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1:7070/health"], interval: 1s, timeout: 2s, retries: 30 }
volumes:
  buckets:
  versions:
`;
/** What the server asks for. */
export const environment: Record<string, string> = {
  S3_ACCESS_KEY: 'MUSTERTESTACCESS',
  S3_SECRET_KEY: 'the-secret-of-this-test-only',
};

/** An S3 server alone, `s3`, by a compose file in that folder. */
export async function s3Up(folder: string): Promise<Stack> {
  await writeFile(join(folder, 'compose.yml'), compose);
  const progress = (): void => {};
  return createStackProvider({ progress }).up({
    file: join(folder, 'compose.yml'),
    drill: `stores-s3-${process.pid}-${Date.now().toString(36)}`,
    environment,
    progress,
  });
}
