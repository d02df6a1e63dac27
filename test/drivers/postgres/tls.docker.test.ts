import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { recordingContext, takeBackup } from '../../suites/artifact.ts';
import { whenReady } from '../../suites/suite.ts';
import { oneReceiver, oneServer } from '../../support/server-rig.ts';
import { suffer } from '../../support/suffer.ts';
import { postgresStackUp } from '../postgres-stack.ts';

const file = fileURLToPath(new URL('../../fixtures/postgres-tls.compose.yml', import.meta.url));
const { stack, attached } = oneServer(
  () => postgresStackUp(file),
  (up) => up.attach(),
);
const receiver = oneReceiver();

test('a server of another version, role, database and way of sorting, by TLS alone: a backup, loss and restore', {
  timeout: 240_000,
}, async () => {
  expect(attached.server).toMatch(/^PostgreSQL 15/);
  expect(stack.service.env['POSTGRES_PASSWORD']).toBeUndefined();
  const { workload } = attached;
  if (workload?.kind !== 'data') throw new Error('not a data workload');
  await workload.prepare();
  const client = await workload.open();
  await client.write([1, 2, 3, 4], ['a', "b'c", 'd\\e', 'f"g']);
  await client.close();
  const inventory = attached.checks['inventory']!;
  const before = await inventory.before!();
  const point = await takeBackup(attached.backups['dump']!, receiver, {});
  const wiped = await suffer(attached, 'wipe-volume');
  await expect.poll(() => wiped.witness(), { timeout: 60_000 }).not.toBeNull();
  await attached.backups['dump']!.restore!(receiver.artifact('dump', point), recordingContext());
  await whenReady(attached);
  const read = new Map<number, string>();
  await workload.readBack((id, value) => void read.set(id, value));
  expect([...read]).toEqual([
    [1, 'a'],
    [2, "b'c"],
    [3, 'd\\e'],
    [4, 'f"g'],
  ]);
  const after = await inventory.after(before);
  // Only Muster's own table is there, which is the ledger's.
  expect(after, after.detail).toMatchObject({ verdict: 'inconclusive', nothing: true });
});
