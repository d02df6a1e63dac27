import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Attached } from '../../../core/driver.ts';
import type { Artifact, Consistency } from '../../../core/backup.ts';
import type { Service } from '../../../core/service.ts';
import { scanBinlog } from '../../../drivers/mysql/binlog-scan.ts';
import {
  createReceiver,
  recordingContext,
  startFollowing,
  takeBackup,
  type Receiver,
} from '../../suites/artifact.ts';
import { mysqlStackUp, type MysqlStack } from '../mysql-stack.ts';
import { replays, type Replay } from './beyond-cases.ts';

/** A server without GTIDs cannot say what it executed of a log: what was given to it is counted. */
let stack: MysqlStack;
let base: Receiver;
let log: Receiver;
let point: Artifact;
let logged: Artifact;
/** Of the transactions in the log. */
const ends: number[] = [];
const attached = new Map<Replay, Attached>();

/**
 * A log comes into a helper and ends there after one of its transactions: mysqlbinlog reads it to its end,
 * and is content.
 */
const cutting = (service: Service, bytes: number): Service =>
  new Proxy(service, {
    get: (own, name) => {
      if (name !== 'helper') return Reflect.get(own, name) as unknown;
      return async (...given: Parameters<Service['helper']>) => {
        const helper = await own.helper(...given);
        return new Proxy(helper, {
          get: (real, called) => {
            if (called !== 'exec') return Reflect.get(real, called) as unknown;
            return async (...asked: Parameters<typeof real.exec>) => {
              const result = await real.exec(...asked);
              const [, , , what, folder, file] = asked[0];
              if (what !== 'bring') return result;
              const cut = await real.exec(['truncate', '-s', String(bytes), `${folder}/${file}`]);
              if (cut.code !== 0) throw new Error(cut.stderr);
              return result;
            };
          },
        });
      };
    },
  });

beforeAll(async () => {
  stack = await mysqlStackUp();
  await stack.sql(
    'SET PERSIST gtid_mode = ON_PERMISSIVE',
    'SET PERSIST gtid_mode = OFF_PERMISSIVE',
    'SET PERSIST gtid_mode = OFF',
  );
  await stack.sql('CREATE TABLE app.item (id INT PRIMARY KEY)', 'INSERT INTO app.item VALUES (1)');
  const taking = await stack.attach();
  [base, log] = [await createReceiver(), await createReceiver()];
  const consistency: Consistency = await takeBackup(taking.backups['dump']!, base, {});
  const follower = await startFollowing(taking.backups['binlog']!, log, consistency);
  await stack.sql(
    'INSERT INTO app.item VALUES (2)',
    'INSERT INTO app.item VALUES (3)',
    'CREATE TABLE app.later (id INT)',
    'INSERT INTO app.item VALUES (4)',
  );
  await follower.stop();
  [point, logged] = [base.artifact('dump', consistency), log.artifact('binlog', consistency)];
  const file = logged.files.at(-1)!;
  await scanBinlog(
    file.path,
    file.name,
    { onPrevious: () => undefined, onTransaction: ({ end }) => ends.push(end) > 0 },
    true,
  );
  expect({ file: file.name, transactions: ends.length }).toEqual({
    file: point.position['file'],
    transactions: 4,
  });
  for (const one of replays)
    attached.set(
      one,
      await stack.attach(
        {},
        one.cutAfter === null ? stack.service : cutting(stack.service, ends[one.cutAfter - 1]!),
      ),
    );
});
afterAll(async () => {
  await base?.remove();
  await log?.remove();
  await stack?.down();
});

const recovered = async ({ backups }: Attached): Promise<unknown> => {
  await backups['dump']!.restore!(point, { ...recordingContext(), replayFollows: true });
  return backups['binlog']!.replay!(logged, 'latest', point, recordingContext());
};

test.each(replays.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
  const { cutAfter } = one;
  expect(point.position['gtid']).toBeUndefined();
  if (cutAfter === null) {
    await recovered(attached.get(one)!);
    expect(await stack.sql('SELECT id FROM app.item ORDER BY id')).toEqual([
      { id: 1 },
      { id: 2 },
      { id: 3 },
      { id: 4 },
    ]);
    expect(await stack.sql('SELECT COUNT(*) AS n FROM app.later')).toEqual([{ n: '0' }]);
    return;
  }
  await expect(recovered(attached.get(one)!)).rejects.toMatchObject({
    message: 'the replay did not do what was planned',
    found: `${cutAfter} transactions`,
    expected: expect.stringMatching(/^4 transactions/) as string,
  });
});
