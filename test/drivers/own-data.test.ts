import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { environmentError } from '../../core/errors.ts';
import type { Service } from '../../core/service.ts';
import { restoreFolder } from '../../drivers/existing-folder.ts';
import { assertOwnData as ofMysql } from '../../drivers/mysql/own-data.ts';
import { assertOwnData as ofPostgres } from '../../drivers/postgres/own-data.ts';

/** A service of which only is asked what it has mounted where. */
const having = (paths: string[], assertOwnPath: Service['assertOwnPath'] = async () => undefined): Service =>
  ({
    name: 'db',
    mounts: paths.map((path, n) => ({ volume: `v${n}`, path, anonymous: false })),
    assertOwnPath,
  }) as unknown as Service;
const dataFolder = '/var/lib/db';

/** Of what somebody else packed, up to the question. */
const ofOthers = async ({ service, dataFolder: folder }: { service: Service; dataFolder: string }) => {
  const site = { service, folder, owner: null, marks: [], leftovers: [] };
  const content = Readable.from([]);
  const context = { signal: new AbortController().signal, progress: () => undefined };
  await restoreFolder({ ...site, ready: async () => true, clock: systemClock }, content, context);
};

test.each([[[]], [['/backups']], [['/var/lib/db2']]])(
  'a folder that others packed is unpacked on a volume alone, and not where there are %j',
  async (paths) => {
    await expect(ofOthers({ service: having(paths), dataFolder })).rejects.toMatchObject({
      trouble: 'environment',
      message: 'the data of db is on no volume',
    });
  },
);
test('and there the service is stopped for it', async () => {
  const stop = (): Promise<void> => Promise.reject(new Error('it was to be stopped'));
  const service = { ...having([dataFolder]), stop, start: stop } as unknown as Service;
  await expect(ofOthers({ service, dataFolder })).rejects.toThrow('it was to be stopped');
});

describe.each([
  ['MySQL', ofMysql],
  ['PostgreSQL', ofPostgres],
])('what %s is about to replace', (_, assertOwnData) => {
  test.each<[string, string[], RegExp]>([
    ["in the container's own layer, where a helper would not see it", [], /^the data of db is on no volume$/],
    ['on no volume, beside one that is elsewhere', ['/backups'], /on no volume$/],
    ['on no volume, beside one whose name begins the same', ['/var/lib/db2'], /on no volume$/],
    ['on two volumes, one in the other', [dataFolder, `${dataFolder}/log`], /on more than one volume$/],
    [
      'on a volume above it, and another within',
      ['/var/lib', `${dataFolder}/log`],
      /on more than one volume$/,
    ],
  ])('is refused %s', async (_where, paths, message) => {
    await expect(assertOwnData({ service: having(paths), dataFolder })).rejects.toMatchObject({
      trouble: 'environment',
      message: expect.stringMatching(message) as string,
    });
  });

  test("is refused on a volume that is not this drill's own", async () => {
    const service = having([dataFolder], async (path) => {
      throw environmentError(`refusing to touch ${path} of db`);
    });
    await expect(assertOwnData({ service, dataFolder })).rejects.toThrow(`refusing to touch ${dataFolder}`);
  });

  test.each([[[dataFolder]], [['/var/lib']], [[dataFolder, '/backups']]])(
    'is replaced on volumes at %j',
    async (paths) => {
      await expect(assertOwnData({ service: having(paths), dataFolder })).resolves.toBeUndefined();
    },
  );
});
