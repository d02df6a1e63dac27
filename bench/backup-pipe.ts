/**
 * The backup pipe (compress, encrypt, hash, two durable copies) against the same typed by hand:
 *
 *     cat dump.sql | zstd -3 | openssl enc -aes-256-ctr | tee copy-1 > copy-2; sync copy-1 copy-2
 *
 * on the same data, in turns, in one run. The hand's pipeline neither hashes nor authenticates. Both end when
 * both copies are on the disk; without `sync` is printed beside it.
 *
 *     node bench/backup-pipe.ts [--rounds 7] [--file dump.sql]
 *
 * Exit code 1 when the ratio of the medians is above 1.1.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { systemClock } from '../core/clock.ts';
import { formatBytes } from '../core/units.ts';
import { directory } from '../stores/directory.ts';
import { createRepository } from '../stores/repository.ts';

const ratioMax = 1.1;
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, file: { type: 'string' } },
});

/** SQL as mysqldump writes it, about 200 MB, that compresses to less than half. */
async function writeDump(path: string, bytes: number): Promise<void> {
  const out = createWriteStream(path, { highWaterMark: 4 * 1024 * 1024 });
  const words = Array.from({ length: 20_000 }, () =>
    randomBytes(8)
      .toString('base64url')
      .slice(0, 3 + Math.floor(Math.random() * 8)),
  );
  const word = (): string => words[Math.floor(Math.random() * words.length)]!;
  for (let id = 1; out.bytesWritten + out.writableLength < bytes; ) {
    const rows: string[] = [];
    for (; rows.length < 200; id += 1) {
      const about = Array.from({ length: 8 }, word).join(' ');
      rows.push(
        `(${id},'${word()}@${word()}.example','$argon2id$v=19$m=65536$${randomBytes(16).toString('hex')}','${about}','2026-03-${10 + (id % 20)} 10:${10 + (id % 50)}:00',${id % 7})`,
      );
    }
    if (!out.write(`INSERT INTO \`users\` VALUES ${rows.join(',')};\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

/** Both give the milliseconds of processor time they took; ours without `cat`. */
async function ours(file: string, folder: string): Promise<number> {
  const before = process.cpuUsage();
  const stores = new Map(
    await Promise.all(['one', 'two'].map(async (name) => [name, await open(name, folder)] as const)),
  );
  const repository = createRepository({
    stores,
    key: () => Buffer.alloc(32, 7),
    clock: systemClock,
    originMs: 0,
    drill: 'bench',
  });
  const point = await repository.begin({
    component: 'mysql',
    backup: 'dump',
    method: 'dump',
    copies: [...stores.keys()],
    encrypt: true,
  });
  const source = spawn('cat', [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  await point.put('dump.sql', source.stdout);
  await point.commit({ atMs: 0, position: {}, tool: 'cat', server: 'none' });
  await repository.close();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const open = (name: string, folder: string) =>
  directory.open({
    name,
    folder,
    config: {},
    service: () => {
      throw new Error('no services here');
    },
    secret: () => {
      throw new Error('no secrets here');
    },
  });

async function byHand(file: string, folder: string, finish: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const script = `set -e -o pipefail; TIMEFORMAT='%3U %3S'; time { cat "$SOURCE" | zstd -q -3 | openssl enc -aes-256-ctr -pbkdf2 -pass env:KEY | tee "$FOLDER/one" > "$FOLDER/two"${finish} }`;
  const shell = spawn('bash', ['-c', script], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, SOURCE: file, FOLDER: folder, KEY: '07'.repeat(32) },
  });
  const [said, [code]] = await Promise.all([
    text(shell.stderr),
    once(shell, 'exit') as Promise<[number | null]>,
  ]);
  const spent = /^([\d.]+) ([\d.]+)$/m.exec(said);
  if (code !== 0 || !spent) throw new Error(`the pipeline by hand ended with ${code}: ${said}`);
  return (Number(spent[1]) + Number(spent[2])) * 1000;
}

const median = (numbers: number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

async function sizeBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const scratch = await mkdtemp(join(tmpdir(), 'muster-bench-'));
try {
  const file = values.file ?? join(scratch, 'dump.sql');
  if (!values.file) await writeDump(file, 200e6);
  const contenders: {
    name: string;
    run: (folder: string) => Promise<number>;
    tookMs: number[];
    spentMs: number[];
    bytes: number;
  }[] = [
    { name: 'muster', run: (folder) => ours(file, folder), tookMs: [], spentMs: [], bytes: 0 },
    {
      name: 'by hand',
      run: (folder) => byHand(file, folder, '; sync "$FOLDER/one" "$FOLDER/two";'),
      tookMs: [],
      spentMs: [],
      bytes: 0,
    },
    {
      name: 'by hand, no sync',
      run: (folder) => byHand(file, folder, ';'),
      tookMs: [],
      spentMs: [],
      bytes: 0,
    },
  ];
  // The first round warms caches and is not counted.
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    for (const one of contenders.map((_, index) => contenders[(index + round) % contenders.length]!)) {
      const folder = join(scratch, 'copies');
      // Nobody pays for what the one before left to be written.
      await once(spawn('sync', { stdio: 'ignore' }), 'exit');
      const fromMs = systemClock.nowMs();
      const spentMs = await one.run(folder);
      if (round > 0) {
        one.tookMs.push(systemClock.nowMs() - fromMs);
        one.spentMs.push(spentMs);
      }
      one.bytes = await sizeBelow(folder);
      await rm(folder, { recursive: true });
    }
  }
  const { size } = await stat(file);
  console.log(`${formatBytes(size)} of SQL, ${values.rounds} rounds in turns, medians:`);
  for (const { name, tookMs, spentMs, bytes } of contenders) {
    console.log(
      `  ${name.padEnd(17)} ${Math.round(median(tookMs))} ms  (${Math.round(Math.min(...tookMs))} to ${Math.round(Math.max(...tookMs))})  ${Math.round(median(spentMs))} ms of processor, ${formatBytes(bytes / 2)} a copy`,
    );
  }
  const [muster, hand, bare] = contenders.map(({ tookMs }) => median(tookMs)) as [number, number, number];
  console.log(
    `ratio ${(muster / hand).toFixed(2)}, at most ${ratioMax} (against no sync: ${(muster / bare).toFixed(2)})`,
  );
  if (muster / hand > ratioMax) process.exitCode = 1;
} finally {
  await rm(scratch, { recursive: true, force: true });
}
