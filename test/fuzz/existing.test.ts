import { createCipheriv, pbkdf2Sync } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decryption, Recognised } from '../../core/existing.ts';
import { recogniseDump as recogniseMysql } from '../../drivers/mysql/existing/recognise.ts';
import { archiveOfAScript, watchArchive } from '../../drivers/postgres/archive.ts';
import { recogniseDump as recognisePostgres } from '../../drivers/postgres/existing/recognise.ts';
import { parseManifest } from '../../drivers/redis/aof-manifest.ts';
import { recogniseSnapshot } from '../../drivers/redis/existing/recognise.ts';
import { redis } from '../../drivers/redis/product.ts';
import { valkey } from '../../drivers/valkey/product.ts';
import { existingReader } from '../../stores/existing/reader.ts';
import { archive, small } from '../drivers/postgres/archives.ts';
import { declaredAs, tarOf } from '../support/existing-rig.ts';
import { anything, changed, changes, readOrRefused } from './bytes.ts';
import { runs, timeLimit } from './mutations.ts';

const mysql =
  '-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)\n--\n-- Host: localhost    Database: shop\n-- ------------------------------------------------------\n-- Server version\t9.7.4\n\nCREATE TABLE `a` (`id` int);\n-- Dump completed on 2026-11-28 10:00:00\n';
const mariadb =
  '/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19  Distrib 11.8.3-MariaDB, for debian-linux-gnu (x86_64)\n--\n-- Host: localhost    Database: shop\n-- Server version\t11.8.3-MariaDB\nINSERT INTO `a` VALUES (1);\n';
const postgres =
  '--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 17.6\n-- Dumped by pg_dump version 17.6\n\n-- Started on 2026-11-28 10:00:00 UTC\n\nCREATE DATABASE "sh""op" WITH TEMPLATE = template0;\nCOPY public.a (id) FROM stdin;\n1\n\\.\n\n-- PostgreSQL database dump complete\n';
const cluster = '--\n-- PostgreSQL database cluster dump\n--\nCREATE ROLE clerk;\n';
const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
const snapshot = Buffer.concat([
  Buffer.from('REDIS0012'),
  ...[
    ['redis-ver', '8.0.2'],
    ['redis-bits', '64'],
    ['ctime', '1764300000'],
    ['used-mem', '1'],
  ].flatMap(([key, value]) => [Buffer.from([0xfa]), text(key!), text(value!)]),
  Buffer.from([0xfe, 0, 0xfb, 1, 0]),
]);
const tar = await tarOf({ 'toc.dat': archive(small), '3.dat': Buffer.from('1\n\\.\n\n\n') });
const originals: Buffer[] = [
  ...[mysql, mariadb, postgres, cluster].map((one) => Buffer.from(one)),
  ...[archive(small), archive(small, 15), snapshot, tar],
  Buffer.from('mysqldump: Got error: 2002: cannot connect\n'),
];
const backups = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.constantFrom(...originals), changes)
      .map(([bytes, all]) => all.reduce(changed, bytes)),
  },
  { weight: 1, arbitrary: anything },
);

const declared = declaredAs();
const recognisers: Record<string, (head: Buffer) => Recognised> = {
  MySQL: (head) => recogniseMysql(head, { server: 'MySQL 9.7.4', product: 'MySQL' }, declared),
  MariaDB: (head) => recogniseMysql(head, { server: 'MariaDB 11.8.3', product: 'MariaDB' }, declared),
  PostgreSQL: (head) => recognisePostgres(head, 'PostgreSQL 17.6', declared),
  Redis: (head) => recogniseSnapshot(head, redis, 12),
  Valkey: (head) => recogniseSnapshot(head, valkey, 80),
};

describe('whatever a backup of others begins with, it is recognised, passed over or broken, with why', () => {
  test.each(Object.entries(recognisers))('%s', { timeout: timeLimit }, (_, recognise) => {
    for (const one of originals) expect(recognise(one).is).toMatch(/^(ours|other|broken)$/);
    fc.assert(
      fc.property(backups, (head) => {
        const recognised = recognise(head);
        if (recognised.is === 'ours') expect(recognised.format).not.toBe('');
        else expect(recognised.why).not.toBe('');
      }),
      runs(200),
    );
  });
});

/** In two pieces, as they come from a file. */
const inPieces = (bytes: Buffer, at: number): Buffer[] => {
  const place = Math.floor(at * bytes.length);
  return [bytes.subarray(0, place), bytes.subarray(place)];
};
const cut = fc.double({ min: 0, max: 1, noNaN: true });

describe('whatever goes by on its way to a server, it is whole, or what is wrong is said', () => {
  const archives = fc
    .tuple(fc.constantFrom(archive(small), archive(small, 15)), changes)
    .map(([bytes, all]) => all.reduce(changed, bytes));
  test('an archive of pg_dump', { timeout: timeLimit }, async () => {
    const whole = watchArchive();
    whole.see(archive(small));
    expect(whole.missing()).toBeNull();
    await fc.assert(
      fc.asyncProperty(archives, cut, fc.boolean(), async (bytes, at, beyond) => {
        await readOrRefused(() => {
          const watch = watchArchive({ beyond });
          for (const piece of inPieces(bytes, at)) watch.see(piece);
          watch.missing();
          watch.head();
        });
        const ofScript = archiveOfAScript();
        for (const piece of inPieces(bytes, at)) ofScript.see(piece);
        ofScript.missing();
      }),
      runs(300),
    );
  });

  test('the manifest of an append-only file', { timeout: timeLimit }, async () => {
    const manifest = Buffer.from(
      'file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
    );
    await fc.assert(
      fc.asyncProperty(changes, async (all) =>
        readOrRefused(() => parseManifest(all.reduce(changed, manifest).toString())),
      ),
      runs(300),
    );
  });
});

describe('whatever a backup lies in, it is opened, or what is wrong is said', () => {
  const password = 'word';
  const salt = Buffer.from('12345678');
  const derived = pbkdf2Sync(password, salt, 1, 48, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', derived.subarray(0, 32), derived.subarray(32));
  const salted = Buffer.concat([Buffer.from('Salted__'), salt, cipher.update(mysql), cipher.final()]);
  const { decrypt } = declaredAs({ decrypt: { with: 'openssl', keyFrom: 'KEY', iterations: 1 } });
  const decryption: Decryption = { how: decrypt!, key: password };
  const packed = [gzipSync(mysql), zstdCompressSync(mysql), salted, gzipSync(gzipSync(mysql))];

  const opened = async (bytes: Buffer): Promise<Buffer> => {
    const { signal } = new AbortController();
    const candidate = { name: 'backup', bytes: bytes.length, modified: null };
    const open = async (): Promise<Readable> => Readable.from(bytes.length > 0 ? [bytes] : []);
    const one = await existingReader.open({ ...candidate, open }, decryption, signal);
    return buffer(one.content).finally(one.close);
  };

  test('as it is', async () => {
    for (const one of packed) expect((await opened(one)).toString()).toBe(mysql);
  });

  test('cut off, damaged, or anything', { timeout: timeLimit }, async () => {
    const spoilt = fc.oneof(
      fc.tuple(fc.constantFrom(...packed), changes).map(([bytes, all]) => all.reduce(changed, bytes)),
      anything,
    );
    await fc.assert(
      fc.asyncProperty(spoilt, async (bytes) => readOrRefused(() => opened(bytes))),
      runs(100, 10),
    );
  });
});
