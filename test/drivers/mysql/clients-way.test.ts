import { expect, test } from 'vitest';
import type { Service } from '../../../core/service.ts';
import { asClientsMeetIt } from '../../../drivers/mysql/session.ts';

const own = { host: 'own', port: 1 };
const moved = { host: 'promoted', port: 2 };
const service = {
  name: 'mysql',
  endpoint: async () => own,
  exec: async () => ({ code: 0, stdout: '', stderr: '' }),
} as unknown as Service;

test('the server as clients meet it is wherever a failover has put it, and its container is the same', async () => {
  const site = asClientsMeetIt({ service, clients: async () => moved });
  expect(await site.service.endpoint(3306)).toBe(moved);
  expect(await site.service.endpoint(33060)).toBe(own);
  expect(site.service.name).toBe('mysql');
  expect((await site.service.exec(['true'])).code).toBe(0);
});
