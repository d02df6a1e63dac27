import { expect, test } from 'vitest';
import { createRunEnvironment } from '../../../stack/run-environment.ts';
import { openAt } from './opened.ts';
import { serveShop } from './shop.ts';

const { environment } = await createRunEnvironment();
const other = await createRunEnvironment();
const right = { cert: environment['MUSTER_TLS_CERT']!, key: environment['MUSTER_TLS_KEY']! };
const configured = (name: string): string => `
ready: /health
startWithin: 1ms
tls: { name: ${name}, caFrom: CA }
auth: { bearer: TOKEN }
probes: { front: { get: /health } }
`;
const secrets = { CA: environment['MUSTER_TLS_CA']!, TOKEN: 'very-secret' };

test('a certificate by the given authority for the given name is accepted, and the name is the Host', async () => {
  await using served = await serveShop({ tls: right });
  await using opened = await openAt(served, configured('localhost'), secrets);
  expect(await opened.attached.ready()).toBe(true);
  expect(served.shop.seen[0]!.headers.host).toBe('localhost');
});

test.each([
  ['by another authority', right, { ...secrets, CA: other.environment['MUSTER_TLS_CA']! }, 'localhost'],
  ['that is expired', { ...right, cert: environment['MUSTER_TLS_CERT_EXPIRED']! }, secrets, 'localhost'],
  ['for another name', right, secrets, 'shop.example.test'],
])(
  'to a server with a certificate %s nothing is sent, and no secret is said',
  async (_, tls, known, name) => {
    await using served = await serveShop({ tls });
    const failure = await openAt(served, configured(name), known).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({
      trouble: 'environment',
      message: expect.stringMatching(/is not ready for its clients/) as string,
    });
    expect(String((failure as Error).message)).not.toContain('very-secret');
    expect(served.shop.seen).toEqual([]);
  },
);
