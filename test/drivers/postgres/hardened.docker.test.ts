import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../../core/clock.ts';
import { createReceiver, recordingContext, takeBackup, type Receiver } from '../../suites/artifact.ts';
import { whenReady } from '../../suites/suite.ts';
import { oneServer } from '../../support/server-rig.ts';
import { suffer } from '../../support/suffer.ts';
import { postgresStackUp } from '../postgres-stack.ts';

const file = fileURLToPath(new URL('../../fixtures/postgres-hardened.compose.yml', import.meta.url));
const { stack, attached } = oneServer(
  () => postgresStackUp(file),
  (up) => up.attach(),
);
const folder = '/var/lib/postgresql/data/own';

const inside = async (script: string): Promise<string> => {
  const { code, stdout, stderr } = await stack.service.exec(['sh', '-euc', `cd ${folder}; ${script}`]);
  expect(code, stderr).toBe(0);
  return stdout;
};
/** Owner, permissions and name of all that lies in the data folder, and its own; not what was set aside. */
const listed = async (): Promise<string[]> =>
  (
    await inside(
      "stat -c '. %u:%g %a' .; find . -mindepth 1 -maxdepth 1 ! -name '.muster-damaged*' -printf '%f %U:%G %m\\n'",
    )
  )
    .trim()
    .split('\n')
    .sort();
const precious = (): Promise<string> =>
  inside('cat precious.txt conf.d/more.conf server.key .hidden | sha256sum');
const rows = async (): Promise<unknown> =>
  stack.sql(
    "SELECT count(*)::text AS n, current_setting('work_mem') AS work, current_setting('data_checksums') AS sums FROM users",
  );

describe('a server under a number, without capabilities, on a read-only root, that nobody starts again', {
  timeout: 240_000,
}, () => {
  let receiver: Receiver;
  let point: Awaited<ReturnType<typeof takeBackup>>;
  let before: string[];

  test('is restored with what lies beside its data in place, under the owner and modes that it had, and can be backed up again', async () => {
    await stack.sql(
      'CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text)',
      "INSERT INTO users (email) SELECT 'u' || n FROM generate_series(1, 2000) n",
      "ALTER SYSTEM SET work_mem = '7MB'",
      'SELECT pg_reload_conf()',
    );
    await inside(
      'echo "the only copy" > precious.txt; mkdir conf.d; echo "# more" > conf.d/more.conf; echo key > server.key; chmod 600 server.key; echo seen > .hidden',
    );
    receiver = await createReceiver();
    point = await takeBackup(attached.backups['dump']!, receiver, {});
    before = await listed();
    const [held, content] = [await rows(), await precious()];
    await stack.sql('DELETE FROM users');
    await attached.backups['dump']!.restore!(receiver.artifact('dump', point), recordingContext());
    await whenReady(attached);
    expect(await listed()).toEqual(before);
    expect([await rows(), await precious()]).toEqual([held, content]);
    const again = await createReceiver();
    await takeBackup(attached.backups['dump']!, again, {}).finally(() => again.remove());
    await stack.sql("INSERT INTO users (email) VALUES ('after')");
  });

  test('loses its volume, which is witnessed although it stays down, and gets back all that a recovery point holds', async () => {
    const wiped = await suffer(attached, 'wipe-volume');
    const proof = await pollUntil(systemClock, { everyMs: 50, deadlineMs: 20_000 }, () => wiped.witness());
    expect(proof).not.toBeNull();
    expect((await stack.service.state()).status).toBe('exited');
    await attached.backups['dump']!.restore!(receiver.artifact('dump', point), recordingContext());
    await whenReady(attached);
    const ofUser = ['.hidden', 'conf.d', 'precious.txt', 'server.key'];
    expect(await listed()).toEqual(before.filter((line) => !ofUser.includes(line.split(' ')[0]!)));
    expect(await rows()).toEqual([expect.objectContaining({ n: '2000', work: '7MB' })]);
    await stack.sql("INSERT INTO users (email) VALUES ('after')");
    await receiver.remove();
  });
});
