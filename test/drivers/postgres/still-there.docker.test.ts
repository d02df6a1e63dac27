import { beforeEach, describe, expect, test } from 'vitest';
import type { ActiveFault } from '../../../core/active-fault.ts';
import type { Artifact } from '../../../core/backup.ts';
import { recordingContext, takeBackup } from '../../suites/artifact.ts';
import { whenReady } from '../../suites/suite.ts';
import { oneReceiver, oneServer } from '../../support/server-rig.ts';
import { suffer } from '../../support/suffer.ts';
import { emptyVolume } from '../empty-volume.ts';
import { postgresStackUp } from '../postgres-stack.ts';
import { postgresFaults } from './still-there-cases.ts';

const { stack, attached } = oneServer(postgresStackUp, (up) => up.attach());
const receiver = oneReceiver();
let point: Artifact;

beforeEach(async () => {
  await whenReady(attached);
  await stack.sql(
    'DROP TABLE IF EXISTS note',
    'CREATE TABLE note (id int PRIMARY KEY, text text)',
    'INSERT INTO note SELECT i, repeat(md5(i::text), 3) FROM generate_series(1, 3000) AS i',
  );
  point = receiver.artifact('dump', await takeBackup(attached.backups['dump']!, receiver, {}));
});

const whatIsThere = async ({ stillThere }: ActiveFault): Promise<string | null> =>
  (await stillThere!())?.what ?? null;

describe('a fault of PostgreSQL, asked for again', () => {
  test.each(postgresFaults)(
    '$fault is there while nobody repaired it, and not once the data is restored',
    async ({ fault, params, says, emptied }) => {
      const inflicted = await suffer(attached, fault, params);
      await expect.poll(() => inflicted.witness(), { timeout: 60_000, interval: 100 }).not.toBeNull();
      if (emptied) await emptyVolume(stack.service, 120_000);
      await whenReady(attached);
      expect(await whatIsThere(inflicted)).toMatch(says);
      await attached.backups['dump']!.restore!(point, { ...recordingContext(), replayFollows: false });
      await whenReady(attached);
      expect(await whatIsThere(inflicted)).toBeNull();
    },
  );
});
