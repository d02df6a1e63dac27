import { randomBytes } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../../core/clock.ts';
import type { BegunWith } from '../../../core/begun-with.ts';
import type { Service, Shell } from '../../../core/service.ts';
import { findPrepared, preparedPath, preparedTag, removePrepared } from '../../../stack/prepared.ts';
import { preparedLabels } from '../../../stack/owner.ts';
import { getRuntime } from '../../../stack/runtime.ts';
import { recordingContext, startFollowing, takeBackup } from '../../suites/artifact.ts';
import { builtImage } from '../../support/built-image.ts';
import { oneReceiver, oneServer } from '../../support/server-rig.ts';
import { mysqlStackUp } from '../mysql-stack.ts';
import { whenReady } from '../../suites/suite.ts';

/** Keys of this file's own, so that no other drill on this engine makes, takes or removes what it keeps. */
const own = randomBytes(8).toString('hex');
const keys = new Set<string>();
const privately = (key: string): string => {
  keys.add(`${own}-${key}`);
  return `${own}-${key}`;
};
/** By the clock of Muster an hour passes before it sees that a command has ended: so busy is its loop. */
const hourMs = 3_600_000;
let heldUpMs = 0;
const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + heldUpMs };
const heldUp = (helper: Shell): Shell => ({
  ...helper,
  exec: async (...given) => {
    const ended = await helper.exec(...given);
    heldUpMs += hourMs;
    return ended;
  },
});
const withOwnKeys = (service: Service): Service => ({
  ...service,
  prepareFolder: ({ key, fill, ...recipe }) =>
    service.prepareFolder({
      ...recipe,
      key: privately(key),
      fill: (helper, path) => fill(heldUp(helper), path),
    }),
  helper: ({ from, ...options }) =>
    service.helper({ ...options, ...(from === undefined ? {} : { from: privately(from) }) }),
});
const isOwn = async (marks: Readonly<Record<string, string>>): Promise<boolean> =>
  keys.has(marks[preparedLabels.key] ?? '');

const { stack, attached } = oneServer(mysqlStackUp, (up) =>
  up.attach({}, withOwnKeys(up.service), undefined, clock),
);
const receiver = oneReceiver();
const log = oneReceiver();

afterAll(async () => void (await removePrepared(await getRuntime(), isOwn)));

interface Restored {
  begunWith?: BegunWith;
}
/** A dump of one row, put in the place of what is there. */
async function restored(): Promise<{ facts: Restored; uuid: string; rows: unknown[] }> {
  await whenReady(attached);
  await stack.sql(
    'DROP DATABASE IF EXISTS app',
    'CREATE DATABASE app',
    'CREATE TABLE app.t (id INT PRIMARY KEY)',
    'INSERT INTO app.t VALUES (7)',
  );
  const consistency = await takeBackup(attached.backups['dump']!, receiver, {});
  const facts = await attached.backups['dump']!.restore!(
    receiver.artifact('dump', consistency),
    recordingContext(),
  );
  const [row] = await stack.sql('SELECT @@server_uuid AS uuid');
  return {
    facts: facts as unknown as Restored,
    uuid: String(row!['uuid']),
    rows: await stack.sql('SELECT id FROM app.t'),
  };
}

/** How many of these folders are kept. */
async function keptNow(): Promise<number> {
  const runtime = await getRuntime();
  const image = (await runtime.container.dockerode.getImage(stack.service.image.reference).inspect()).Id;
  const found = await Promise.all([...keys].map((key) => findPrepared({ runtime }, image, key)));
  return found.filter((one) => one !== null).length;
}

/** Puts an image under the name of each folder that is kept, with the labels of that one. */
async function spoil(dockerfile: (from: string) => string): Promise<void> {
  const runtime = await getRuntime();
  const docker = runtime.container.dockerode;
  const image = (await docker.getImage(stack.service.image.reference).inspect()).Id;
  for (const key of keys) {
    const kept = await findPrepared({ runtime }, image, key);
    if (!kept) continue;
    await builtImage(dockerfile(kept.image), preparedTag(image, key));
  }
}

test('a restore begins with the folder that was kept, each time as a new server', {
  timeout: 300_000,
}, async () => {
  const before = await restored();
  expect(before.facts.begunWith, 'nothing was kept yet').toBeUndefined();
  await attached.backups['dump']!.prepare!();
  const all = [before, await restored(), await restored()];
  expect(stack.notes).toEqual([]);
  expect(stack.beganWith).toEqual(all.slice(1).map(({ facts }) => facts.begunWith));
  for (const { facts, rows } of all.slice(1)) {
    expect(facts.begunWith).toEqual({
      of: 'mysql',
      what: 'an empty data folder',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      madeAt: expect.stringMatching(/^\d{4}-.*Z$/),
      madeInMs: expect.any(Number),
      timedBy: 'the uptime clock of the container that it was made in',
    });
    expect(facts.begunWith!.madeInMs).toBeGreaterThan(0);
    expect(facts.begunWith!.madeInMs, 'without what kept Muster busy').toBeLessThan(hourMs);
    expect(rows).toEqual([{ id: 7 }]);
  }
  expect(new Set(all.map(({ uuid }) => uuid)).size, 'nobody has the UUID of another').toBe(3);
});

test('a name that is not looked at is not taken either', { timeout: 300_000 }, async () => {
  await removePrepared(await getRuntime(), isOwn);
  await attached.backups['dump']!.prepare!();
  await spoil((from) => `FROM ${from}\nRUN printf x > ${preparedPath}/.first.sql\n`);
  const { facts, rows } = await restored();
  expect(facts.begunWith).toBeDefined();
  expect(rows).toEqual([{ id: 7 }]);
  const { stdout } = await stack.service.exec(['ls', '-A', '/var/lib/mysql']);
  expect(stdout.split('\n')).toContain('ibdata1');
  expect(stdout.split('\n')).not.toContain('.first.sql');
});

test.each([
  ['nobody wrote to it since its base was restored', [], 1, null],
  [
    'somebody wrote to it since, and its base is loaded again',
    ['INSERT INTO app.t VALUES (9)'],
    2,
    expect.stringMatching(/^[0-9a-f-]{36}:1$/) as unknown,
  ],
])(
  'a replay where %s: what was taken counts as often',
  { timeout: 300_000 },
  async (_, slip, times, said) => {
    await attached.backups['dump']!.prepare!();
    await restored();
    const base = await takeBackup(attached.backups['dump']!, receiver, {});
    const follower = await startFollowing(attached.backups['binlog']!, log, base);
    await stack.sql('INSERT INTO app.t VALUES (8)');
    await follower.stop();
    const point = receiver.artifact('dump', base);
    stack.beganWith.length = 0;
    await attached.backups['dump']!.restore!(point, recordingContext());
    await stack.sql('SELECT 1', ...slip);
    const files = log.artifact('binlog', base);
    const facts = await attached.backups['binlog']!.replay!(files, 'latest', point, recordingContext());
    expect(facts).toMatchObject({ transactions: 1, discardedSinceBase: said });
    expect(stack.beganWith).toHaveLength(times);
    expect(await stack.sql('SELECT id FROM app.t ORDER BY id')).toEqual([{ id: 7 }, { id: 8 }]);
  },
);

test.each([
  ['a byte of it is another', (from: string) => `FROM ${from}\nRUN printf x >> ${preparedPath}/undo_001\n`],
  ['a file of it is gone', (from: string) => `FROM ${from}\nRUN rm ${preparedPath}/mysql/general_log.CSM\n`],
  [
    'an account lies in it beside',
    (from: string) => `FROM ${from}\nRUN echo "CREATE USER x" > ${preparedPath}/first.sql\n`,
  ],
  [
    'no helper can be started with it',
    (from: string) => `FROM ${from}\nRUN rm -rf /sbin && echo x > /sbin\n`,
    /^the empty data folder that is kept was not taken, and one is made: no helper can be started .*It is removed/,
  ],
  [
    'its shell is gone',
    (from: string) => `FROM ${from}\nRUN rm -f /bin/sh /usr/bin/sh\n`,
    /^the empty data folder that is kept was not taken, and one is made: no helper can be started .*It is removed/,
  ],
  ['it does not say what it was', (from: string) => `FROM ${from}\nLABEL ${preparedLabels.facts}="{}"\n`],
])(
  'where %s, it is not taken: the restore makes its own, says so, and it is kept no more',
  {
    timeout: 300_000,
  },
  async (
    _,
    dockerfile,
    says = /^the empty data folder that is kept was not taken, and one is made: it .*It is removed, and a later drill keeps another$/,
  ) => {
    await removePrepared(await getRuntime(), isOwn);
    await attached.backups['dump']!.prepare!();
    stack.notes.length = 0;
    await spoil(dockerfile);
    const { facts, rows } = await restored();
    expect(stack.notes).toEqual([expect.stringMatching(says)]);
    expect(facts.begunWith).toBeUndefined();
    expect(rows).toEqual([{ id: 7 }]);
    expect(await keptNow()).toBe(0);
  },
);

test('where one was not taken, the next that is kept is', { timeout: 300_000 }, async () => {
  await attached.backups['dump']!.prepare!();
  await spoil((from) => `FROM ${from}\nRUN printf x >> ${preparedPath}/undo_001\n`);
  await restored();
  await attached.backups['dump']!.prepare!();
  stack.notes.length = 0;
  expect((await restored()).facts.begunWith).toBeDefined();
  expect(stack.notes).toEqual([]);
});
