import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ExistingRestorer } from '../../../core/existing.ts';
import { restoreFolder } from '../../existing-folder.ts';
import { databasesOf, scanKeys } from '../keys.ts';
import { rdbName } from '../rdb-format.ts';
import { restoreRdb } from '../restore-rdb.ts';
import type { RedisSystem } from '../system.ts';
import { fingerprintOf, inEachDatabase } from './fingerprint.ts';
import { recogniseSnapshot } from './recognise.ts';

/** Snapshots (RDB) of any server of the family that this one loads, put in the place of its own data. */
export const existingSnapshots = ({ site, own }: Pick<RedisSystem, 'site' | 'own'>): ExistingRestorer => ({
  recognise: (head) => recogniseSnapshot(head, site.product, site.persistence.format),
  empty: async () => {
    await site.service.assertOwnPath(site.persistence.dir);
    const databases = await site.server.run(databasesOf);
    await site.server.run((redis) => redis.flushall());
    return { removed: databases.map(({ database, keys }) => `${keys} keys of database ${database}`) };
  },
  restore: async (content, recognised, { signal, progress }) => {
    if (recognised.format === 'data folder') {
      const { dir, appendonly, appenddirname, dbfilename } = site.persistence;
      // Beside an append-only file, which it would begin with, a server does not read its snapshot.
      const marks = [appendonly ? appenddirname : dbfilename];
      const facts = await restoreFolder(
        {
          ...{ service: site.service, folder: dir, owner: null, marks, leftovers: [], clock: site.clock },
          ready: () => site.server.answers(),
        },
        content,
        { signal, progress },
      );
      return { said: recognised.said, whole: true, facts };
    }
    const folder = await mkdtemp(join(site.scratch(), 'snapshot-'));
    try {
      const path = join(folder, rdbName);
      await pipeline(content, createWriteStream(path, { mode: 0o600 }), { signal });
      const { size: bytes } = await stat(path);
      // Whether this server loads it, its own check says of its format; versions of a relative say nothing.
      const artifact = {
        point: 'external',
        method: 'rdb',
        position: {},
        tool: '',
        server: site.version,
        facts: null,
        files: [{ name: rdbName, path, bytes }],
      };
      const facts = await restoreRdb(site, artifact, {
        options: {},
        signal,
        progress,
        stage: (_stage, _what, work) => work(),
      });
      return { said: recognised.said, whole: true, facts };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  usable: async () => {
    const databases = await site.server.run(databasesOf);
    const keys = databases.reduce((sum, one) => sum + one.keys, 0);
    if (keys === 0) return { verdict: 'fail', detail: 'not one key is there', facts: null };
    const told = databases.map((one) => `${one.keys} keys in database ${one.database}`).join(', ');
    return { verdict: 'pass', detail: told, facts: { keys } };
  },
  value: async (query) => {
    const [command = '', ...words] = wordsOf(query);
    const answer = await site.server.run((redis) => redis.call(String(command), ...words));
    const first = Array.isArray(answer) ? answer[0] : answer;
    return first === null || first === undefined ? null : String(first);
  },
  newestIn: (key, field) => `HGET ${JSON.stringify(key)} ${JSON.stringify(field)}`,
  count: (pattern) =>
    inEachDatabase(own, async (redis) => {
      const names = new Set<string>();
      for await (const keys of scanKeys(redis, pattern))
        for (const key of keys) names.add(key.toString('latin1'));
      return names.size;
    }).then((counts) => counts.reduce((sum, [, count]) => sum + count, 0)),
  objects: async () => [],
  accountsBefore: () => [],
  fingerprint: () => fingerprintOf(own),
});

/** As a shell would: quotes keep words together. In double ones a byte may be named as redis-cli shows it. */
export const wordsOf = (text: string): (string | Buffer)[] =>
  [...text.matchAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) =>
    double === undefined ? (single ?? plain!) : unescaped(double),
  );

/** `\xAC` is that byte, and any other character behind a backslash itself. */
const unescaped = (text: string): Buffer =>
  Buffer.from(
    Buffer.from(text)
      .toString('latin1')
      .replace(/\\(?:x([\da-fA-F]{2})|(.))/g, (_, byte: string | undefined, itself: string) =>
        byte === undefined ? itself : String.fromCharCode(parseInt(byte, 16)),
      ),
    'latin1',
  );
