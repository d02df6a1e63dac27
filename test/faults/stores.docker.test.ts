import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import type { Attached } from '../../core/driver.ts';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import driver from '../../drivers/toxiproxy/index.ts';
import { apiPort } from '../../drivers/toxiproxy/config.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { s3 } from '../../stores/s3.ts';
import { storeRig } from '../support/store-rig.ts';
import { inertService } from '../suites/inert-service.ts';
import { storeFaultTests } from '../suites/store-faults.ts';
import { suffer } from '../support/suffer.ts';
import { attachTo } from '../support/attach-to.ts';

const service = (name: string): string => `  ${name}:
    image: \${MUSTER_IMAGE_VERSITYGW:-ghcr.io/versity/versitygw:v1.8.0}
    command: [--port, ":7070", --health, /health, posix, --versioning-dir, /versions, /buckets]
    environment: { ROOT_ACCESS_KEY: "\${S3_ACCESS_KEY:?}", ROOT_SECRET_KEY: "\${S3_SECRET_KEY:?}" }
    volumes: ["${name}-buckets:/buckets", "${name}-versions:/versions"]
    ports: ["127.0.0.1::7070"]
    restart: unless-stopped
    healthcheck: { test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1:7070/health"], interval: 1s, timeout: 2s, retries: 30 }
`;
const toxiproxy = (name: string): string => `  ${name}:
    image: \${MUSTER_IMAGE_TOXIPROXY:-ghcr.io/shopify/toxiproxy:2.12.0}
    command: [-host=0.0.0.0, -config=/etc/toxiproxy.json]
    configs: [{ source: toxiproxy, target: /etc/toxiproxy.json }]
    ports: ["127.0.0.1::8474", "127.0.0.1::7070"]
    healthcheck: { test: [CMD, /toxiproxy-cli, list], interval: 1s, timeout: 5s, retries: 30 }
`;
const proxies =
  'configs: { toxiproxy: { content: \'[{ "name": "target", "listen": "0.0.0.0:7070", "upstream": "target:7070", "enabled": true }]\' } }\n';
const compose = `services:\n${service('target')}${service('other')}${toxiproxy('way')}${toxiproxy('elsewhere')}${proxies}volumes: { target-buckets: , target-versions: , other-buckets: , other-versions: }\n`;

let folder: string;
let stack: Stack;
const environment = { S3_ACCESS_KEY: 'MUSTERTESTACCESS', S3_SECRET_KEY: 'the-secret-of-this-test-only' };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-store-faults-s3-'));
  writeFileSync(join(folder, 'compose.yml'), compose);
  const progress = (): void => undefined;
  stack = await createStackProvider({ progress }).up({
    file: join(folder, 'compose.yml'),
    drill: `store-faults-${randomBytes(3).toString('hex')}`,
    environment,
    progress,
  });
});
afterAll(async () => {
  await stack?.down();
  rmSync(folder, { recursive: true, force: true });
});

describe('faults of a bucket on a real S3 server', () =>
  storeFaultTests(
    () =>
      storeRig({ kind: s3, stack, environment, config: (name) => ({ service: name, bucket: 'backups' }) }),
    { service: true },
  ));

/** What is told to its API happens to a server through which nobody goes. */
const deaf = (way: Service): Service => ({
  ...inertService(way),
  endpoint: (port) => (port === apiPort ? stack.services.get('elsewhere')! : way).endpoint(port),
});

describe('faults of the way to a bucket', () => {
  let inert: Attached;
  const attach = (over: Service): Promise<Attached> =>
    attachTo(driver, {
      component: 'way',
      service: over,
      config: {},
      clients: () => over.endpoint(7070),
      peer: (name) => stack.services.get(name)!,
      seed: 7,
    });
  storeFaultTests(
    async () => {
      const way = stack.services.get('way')!;
      inert = await attach(deaf(way));
      return storeRig({
        kind: s3,
        stack,
        environment,
        config: (name) =>
          name === 'target'
            ? { service: 'way', port: 7070, bucket: 'slow' }
            : { service: name, bucket: 'slow' },
        route: { service: 'way', attached: await attach(way) },
      });
    },
    {
      service: true,
      route: () => ({ suffer: (params, { seed }) => suffer(inert, 'latency', { ...params, seed }) }),
    },
  );
});
