import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import type { Attached } from '../../core/driver.ts';
import type { Proof } from '../../core/active-fault.ts';
import driver from '../../drivers/nginx/index.ts';
import { driverConformance } from '../suites/driver-conformance.ts';
import { inertService } from '../suites/inert-service.ts';
import { networkStackUp, type NetworkStack } from './network-stack.ts';
import { suffer } from '../support/suffer.ts';
import { rigOf, whenReady } from '../suites/suite.ts';

let stack: NetworkStack;
const tls = { tls: { name: 'localhost', caFrom: 'MUSTER_TLS_CA' } };
const configFile = '/etc/nginx/nginx.conf';
const certificate = '/run/secrets/tls-certificate';

beforeAll(async () => {
  stack = await networkStackUp('nginx');
});
afterAll(async () => {
  expect(await stack?.down()).toEqual([]);
});

const attach = (config: object = {}): Promise<Attached> =>
  stack.attach(driver, 'proxy', undefined, { ...tls, ...config });
const until = <T>(probe: () => Promise<T | null | false>): Promise<T | null> =>
  pollUntil(systemClock, { everyMs: 50, deadlineMs: 20_000 }, probe);
const reload = (): Promise<unknown> => stack.service('proxy').exec(['nginx', '-s', 'reload']);
const fileOf = async (path: string): Promise<string> =>
  (await stack.service('proxy').exec(['cat', path])).stdout;

async function spoilCertificate(): Promise<void> {
  const attached = await attach();
  await until((await suffer(attached, 'wrong-certificate')).witness);
}
const putBack = async (): Promise<void> => {
  const attached = await attach();
  await attached.actions['reapply-certificate']!({});
  await whenReady(attached);
};

driverConformance({
  name: 'nginx',
  driver,
  durable: true,
  setup: async () => {
    const attached = await attach();
    const inert = await stack.attach(driver, 'proxy', inertService(stack.service('proxy')), tls);
    return rigOf(attached, inert);
  },
  others: () => stack.others('proxy'),
  checks: { tls: { spoil: spoilCertificate, mend: putBack } },
  elsewhere: { names: ['tls-continuity'], file: 'drivers/nginx/continuity.test.ts' },
  actions: {
    'reapply-certificate': {
      params: {},
      prepare: async () => {
        await stack.service('proxy').putFile(certificate, stack.environment['MUSTER_TLS_CERT_EXPIRED']!);
        await reload();
      },
      seen: async () =>
        (await fileOf(certificate)) === stack.environment['MUSTER_TLS_CERT'] ? 'the right one' : null,
    },
    'reapply-config': {
      params: {},
      prepare: async () => {
        await stack.service('proxy').putFile(configFile, 'events {}\n');
      },
      seen: async () => ((await fileOf(configFile)).includes('ssl_certificate_key') ? 'the right one' : null),
    },
  },
});

describe('recoveries', { timeout: 60_000 }, () => {
  let attached: Attached;
  beforeAll(async () => {
    attached = await attach();
    expect(await until(() => attached.ready())).toBe(true);
  });

  test.each(['expired', 'wrong'] as const)(
    'a certificate that is %s: not ready and the check red, until the right one is reapplied',
    async (kind) => {
      const { tls: check } = attached.checks;
      const baseline = await check!.before!();
      const inflicted = await suffer(
        attached,
        kind === 'expired' ? 'certificate-expired' : 'wrong-certificate',
      );
      expect(await until(inflicted.witness)).not.toBeNull();
      expect(await attached.ready()).toBe(false);
      expect(await check!.after(baseline)).toMatchObject({ verdict: 'fail' });
      expect(await attached.actions['reapply-certificate']!({})).toMatchObject({
        subject: expect.any(String),
      });
      await whenReady(attached);
      expect(await check!.after(baseline)).toMatchObject({
        verdict: 'pass',
        facts: { protocol: 'TLSv1.3', refusal: null },
      });
      expect(await inflicted.witness()).toBeNull();
      await inflicted.undo.run();
      await whenReady(attached);
      expect(await inflicted.undo.healed()).toBe(true);
    },
  );

  test('the witness of an expired certificate is not content with a wrong one, and the other way round', async () => {
    const other = await stack.attach(driver, 'proxy', inertService(stack.service('proxy')), tls);
    const expired = await suffer(other, 'certificate-expired');
    const wrong = await suffer(attached, 'wrong-certificate');
    expect(await until(wrong.witness)).not.toBeNull();
    expect(await expired.witness()).toBeNull();
    await wrong.undo.run();
    expect(await until(wrong.undo.healed)).toBe(true);
  });

  test('a lost configuration keeps the process down, until it is reapplied', async () => {
    const inflicted = await suffer(attached, 'config-lost');
    expect(await until<Proof>(inflicted.witness)).toMatchObject({ facts: { exitCode: 1 } });
    expect(await attached.checks['tls']!.after(null)).toMatchObject({ verdict: 'inconclusive' });
    await attached.actions['reapply-config']!({});
    await whenReady(attached);
    expect(await inflicted.witness()).toBeNull();
    await inflicted.undo.run();
    expect(await until(inflicted.undo.healed)).toBe(true);
  });

  test('a crash is no lost configuration: the witness does not take the one for the other', async () => {
    const inert = await stack.attach(
      driver,
      'proxy',
      { ...inertService(stack.service('proxy'), { process: false }), start: async () => undefined },
      tls,
    );
    const inflicted = await suffer(inert, 'config-lost');
    expect(await stack.service('proxy').state()).toMatchObject({ status: 'exited', exitCode: 0 });
    expect(await inflicted.witness()).toBeNull();
    await stack.service('proxy').start();
    await whenReady(attached);
  });

  test('an older protocol fails the check, whatever the certificate is worth', async () => {
    const deployed = await fileOf(configFile);
    try {
      await stack.service('proxy').putFile(configFile, deployed.replace('TLSv1.2 TLSv1.3', 'TLSv1.2'));
      await reload();
      const red = await until(async () =>
        attached.checks['tls']!.after(null).then((outcome) => outcome.verdict === 'fail' && outcome),
      );
      expect(red).toMatchObject({ detail: expect.stringContaining('TLSv1.2 is spoken') });
    } finally {
      await attached.actions['reapply-config']!({});
    }
    expect(await until(async () => (await attached.checks['tls']!.after(null)).verdict === 'pass')).toBe(
      true,
    );
  });

  test('a certificate for another name is refused by the check before anything is broken', async () => {
    const elsewhere = await stack.attach(driver, 'proxy', undefined, {
      tls: { name: 'elsewhere.example', caFrom: 'MUSTER_TLS_CA' },
    });
    expect(await elsewhere.ready()).toBe(false);
    await expect(elsewhere.checks['tls']!.before!()).rejects.toThrow('not for elsewhere.example');
    await expect(suffer(elsewhere, 'certificate-expired')).rejects.toMatchObject({
      message: expect.stringContaining('not right before'),
    });
  });
});
