import { beforeEach, describe, expect, test } from 'vitest';
import type { ActiveFault } from '../../../core/active-fault.ts';
import type { Artifact } from '../../../core/backup.ts';
import { recordingContext, takeBackup } from '../../suites/artifact.ts';
import { emptyVolume } from '../empty-volume.ts';
import { oneReceiver, oneServer } from '../../support/server-rig.ts';
import { mysqlStackUp } from '../mysql-stack.ts';
import { askedAgain } from './beyond-cases.ts';
import { suffer } from '../../support/suffer.ts';
import { whenReady } from '../../suites/suite.ts';

/**
 * A fault whose effect is asked for again: there where nobody repaired it, and not where the data was
 * restored.
 */
const { stack, attached } = oneServer(mysqlStackUp, (stack) => stack.attach());
const receiver = oneReceiver();
let point: Artifact;

beforeEach(async () => {
  await whenReady(attached);
  await stack.sql(
    'DROP DATABASE IF EXISTS app',
    'CREATE DATABASE app',
    'CREATE TABLE app.note (id INT PRIMARY KEY, text VARCHAR(200))',
    'SET SESSION cte_max_recursion_depth = 10000',
    'INSERT INTO app.note WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i, REPEAT(SHA2(i, 256), 3) FROM n',
  );
  point = receiver.artifact('dump', await takeBackup(attached.backups['dump']!, receiver, {}));
});

const inForce = async (inflicted: ActiveFault): Promise<void> => {
  await expect.poll(() => inflicted.witness(), { timeout: 60_000, interval: 100 }).not.toBeNull();
};
const whatIsThere = async ({ stillThere }: ActiveFault): Promise<string | null> =>
  (await stillThere!())?.what ?? null;
const restored = async (): Promise<void> => {
  await attached.backups['dump']!.restore!(point, { ...recordingContext(), replayFollows: false });
  await whenReady(attached);
};

/** Pages of the table as they were before other rows were written over them. */
async function stale(): Promise<ActiveFault> {
  let over = false;
  const writing = (async () => {
    for (let i = 0; !over; i += 1)
      await stack.sql(
        `UPDATE app.note SET text = REPEAT(SHA2(${i}, 224), 3) WHERE id BETWEEN ${(i * 100) % 3000} AND ${((i * 100) % 3000) + 60}`,
      );
  })();
  try {
    return await suffer(attached, 'stale-page', { table: 'app.note', pages: 2, seed: 7 });
  } finally {
    over = true;
    await writing;
  }
}

describe('older versions of pages', () => {
  test(`${askedAgain.stale}; not once the table is another one`, async () => {
    const inflicted = await stale();
    await inForce(inflicted);
    await attached.actions['restart']!({});
    await whenReady(attached);
    const left = await whatIsThere(inflicted).catch((error: Error) => error.message);
    expect(left).toMatch(
      /pages of app\.note (are still the older versions, in the same file|changed since, in the same file)/,
    );
    await restored();
    expect(await whatIsThere(inflicted)).toBeNull();
  });

  test('that were changed since are in doubt: only their rows could tell', async () => {
    const inflicted = await stale();
    await inForce(inflicted);
    await stack.sql(
      "UPDATE app.note SET text = 'mended by hand'",
      'FLUSH TABLES app.note FOR EXPORT',
      'UNLOCK TABLES',
    );
    await expect(inflicted.stillThere!()).rejects.toThrow(
      /pages of app\.note changed since, in the same file/,
    );
  });
});

describe('a volume that was wiped or encrypted', () => {
  test(`${askedAgain.wiped}; not once the data is restored`, async () => {
    const inflicted = await suffer(attached, 'wipe-volume');
    await inForce(inflicted);
    await whenReady(attached);
    expect(await whatIsThere(inflicted)).toBe('of 1 tables of applications clients find none');
    await restored();
    expect(await whatIsThere(inflicted)).toBeNull();
  });

  test(`${askedAgain.encrypted}; not once the data is restored`, async () => {
    const inflicted = await suffer(attached, 'encrypt-volume');
    await inForce(inflicted);
    await emptyVolume(stack.service, 120_000);
    await whenReady(attached);
    expect(await whatIsThere(inflicted)).toBe('of 1 tables of applications clients find none');
    await restored();
    expect(await whatIsThere(inflicted)).toBeNull();
  });

  test('is not asked for where no application had a table', async () => {
    await stack.sql('DROP TABLE app.note');
    const inflicted = await suffer(attached, 'wipe-volume');
    expect(inflicted.stillThere).toBeUndefined();
    await inForce(inflicted);
    await whenReady(attached);
  });
});
