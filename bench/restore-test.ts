/**
 * What does a restore test cost? `muster restore-test` of a dump of so many rows, from its start to its
 * end, as the package that is installed (built here), against the same typed by hand as a shell script, in
 * turn: the service up, the dump loaded, three queries, everything down. A row is as wide as one of
 * sysbench's OLTP tables (CHAR(120) and CHAR(60) beside its keys), with a moment.
 *
 *   node bench/restore-test.ts [pairs] [rows]
 */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import type { DrillResult } from '../core/result.ts';
import { readChain } from '../evidence/chain.ts';
import { imageChoice, imagesWanted, provideImages } from '../stack/images.ts';
import { variableOf } from '../stack/recipes.ts';
import { getRuntime } from '../stack/runtime.ts';
import { comparePairs, timed } from './pairs.ts';

const pairs = Number(process.argv[2] ?? 9);
const rows = Number(process.argv[3] ?? 1_000_000);
const most = 1.05;
const execute = promisify(execFile);
const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'muster-restore-bench-'));
const file = join(folder, 'compose.yml');
const dump = join(folder, 'shop.sql.gz');

writeFileSync(
  file,
  `services:
  db:
    image: \${MUSTER_IMAGE_MYSQL:-mysql:9.7}
    environment: { MYSQL_ROOT_PASSWORD: "\${MYSQL_ROOT_PASSWORD:?}", MYSQL_DATABASE: shop }
    volumes: [data:/var/lib/mysql]
    ports: ["127.0.0.1::3306"]
    healthcheck: { test: [CMD-SHELL, 'MYSQL_PWD="$$MYSQL_ROOT_PASSWORD" mysql -h127.0.0.1 -uroot -e "SELECT 1"'], interval: 1s, retries: 120 }
volumes:
  data:
`,
);
writeFileSync(
  join(folder, 'strategy.yaml'),
  `strategy: shop
stack: ./compose.yml
components:
  db:
    driver: mysql
    existing:
      from: ./shop.sql.gz
      database: shop
      expect:
        newest: { table: orders, column: placed, within: 26h }
        rows: { orders: ${rows} }
        sql: { worded: SELECT COUNT(*) = 0 FROM orders WHERE word IS NULL }
`,
);
const chosen = await provideImages(
  await getRuntime(),
  imagesWanted(readFileSync(file, 'utf8')),
  imageChoice(process.env, console.error),
);
const env = {
  ...process.env,
  ...Object.fromEntries([...chosen.values()].map((image) => [variableOf(image.name), image.reference])),
  MYSQL_ROOT_PASSWORD: randomBytes(12).toString('hex'),
  ROWS: String(rows),
};

/** A server that is filled, dumped by its own mysqldump, and gone. */
async function makeDump(): Promise<void> {
  const project = `bench-source-${randomBytes(3).toString('hex')}`;
  const compose = ['compose', '--file', file, '--project-name', project];
  const inDb = ['exec', '--no-TTY', 'db', 'sh', '-c'];
  const sql = `SET SESSION cte_max_recursion_depth = ${rows + 1};
    CREATE TABLE orders (id INT PRIMARY KEY, customer INT, placed DATETIME, word CHAR(120), pad CHAR(60), KEY (customer));
    INSERT INTO orders SELECT n, n % 1000, UTC_TIMESTAMP() - INTERVAL ${rows} - n SECOND,
      CONCAT(SHA2(n, 256), LEFT(SHA2(-n, 256), 56)), LEFT(SHA2(2 * n, 256), 60)
      FROM (WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < ${rows}) SELECT n FROM s) AS t;`;
  try {
    await execute('docker', [...compose, 'up', '--detach', '--wait', 'db'], { env });
    await execute(
      'docker',
      [...compose, ...inDb, 'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql -uroot shop -e "$1"', 'sql', sql],
      { env },
    );
    const dumping = spawn(
      'docker',
      [
        ...compose,
        ...inDb,
        'MYSQL_PWD="$MYSQL_ROOT_PASSWORD" exec mysqldump -uroot --single-transaction --set-gtid-purged=OFF shop',
      ],
      { env, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await pipeline(dumping.stdout, createGzip({ level: 6 }), createWriteStream(dump));
  } finally {
    await execute('docker', [...compose, 'down', '--volumes', '--timeout', '0'], { env });
  }
}

/** Where the time went, from the beginning (seconds since 1970) on: what was over when, in order. */
function tell(who: string, begunS: number, over: readonly (readonly [what: string, atS: number])[]): void {
  const spent = over.map(([what, atS], i) => `${what} ${(atS - (over[i - 1]?.[1] ?? begunS)).toFixed(2)} s`);
  console.log(`  ${who}: ${spent.join(', ')}`);
}

async function byHand(): Promise<number> {
  const begunS = Date.now() / 1e3;
  const script = join(import.meta.dirname, 'by-hand/restore-dump.sh');
  const project = `by-hand-${randomBytes(3).toString('hex')}`;
  let said = '';
  const took = await timed(async () => {
    said = (await execute('bash', [script, file, project, dump], { env })).stdout;
  });
  const lines = said.trim().split('\n');
  tell(
    'by hand',
    begunS,
    lines.map((line) => [line.split(' ')[0]!, Number(line.split(' ')[1])] as const),
  );
  return took;
}

async function byMuster(): Promise<number> {
  const begunS = Date.now() / 1e3;
  const asked = ['restore-test', 'strategy.yaml', 'db', '--out', 'bundles', '--json'];
  let said = '';
  const took = await timed(async () => {
    said = (await execute(process.execPath, [join(root, 'dist/cli/bin.js'), ...asked], { env, cwd: folder }))
      .stdout;
  });
  const { drill } = (JSON.parse(said) as { drills: { result: DrillResult }[] }).drills[0]!.result;
  const { events } = readChain(readFileSync(join(folder, 'bundles/drills', drill, 'events.jsonl'), 'utf8'));
  const told = events.flatMap((event): [string, number][] => {
    const atS = Date.parse(event.utc) / 1e3;
    if (event.type === 'drill.begun') return [['plan', atS]];
    if (event.type === 'stack.up') return [['stack', atS]];
    if (event.type === 'stage.ended') return [[event.data.stage, atS]];
    if (event.type === 'phase.ended') return [[event.data.phase, atS]];
    return [];
  });
  tell('by Muster', begunS, [...told, ['reports', begunS + took]]);
  return took;
}

try {
  await execute('npm', ['run', '--silent', 'build'], { cwd: root });
  await makeDump();
  console.log(`a dump of ${rows} rows, ${(statSync(dump).size / 1e6).toFixed(1)} MB`);
  await comparePairs({ pairs, most }, byHand, byMuster);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
