import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../core/result.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import { findingsThat, inRepository } from '../../support/real-drill.ts';
import { hostFolders } from './told-cases.ts';

let folder: string;
let out: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-host-folder-'));
  out = await mkdtemp(join(tmpdir(), 'muster-host-folder-out-'));
});
afterAll(async () => {
  for (const each of [folder, out]) await rm(each, { recursive: true, force: true });
});

/** Names, owners, modes, times of change and content of everything below. */
function digestOf(path: string): string {
  const hash = createHash('sha256');
  for (const name of (readdirSync(path, { recursive: true }) as string[]).sort()) {
    const { uid, gid, mode, mtimeMs, ctimeMs } = lstatSync(join(path, name));
    hash.update(JSON.stringify([name, uid, gid, mode, mtimeMs, ctimeMs]));
    if (lstatSync(join(path, name)).isFile()) hash.update(readFileSync(join(path, name)));
  }
  return hash.digest('hex');
}

const compose = `services:
  redis:
    image: \${MUSTER_IMAGE_REDIS:-redis:8.0.2}
    command: redis-server /etc/redis.conf
    ports: ["127.0.0.1::6379"]
    volumes: ["./redis-data:/data", "./redis.conf:/etc/redis.conf", "./uploads:/uploads", "./missing:/missing"]
    restart: unless-stopped
    healthcheck: { test: [CMD-SHELL, 'test "$$(redis-cli ping)" = PONG'], interval: 1s, retries: 60 }
`;

describe('a server that keeps its data in a folder of the host', { timeout: 600_000 }, () => {
  it(hostFolders.kept, async () => {
    for (const name of ['redis-data', 'uploads']) mkdirSync(join(folder, name));
    writeFileSync(
      join(folder, 'redis-data/dump.rdb'),
      readFileSync(inRepository('test/architecture.test.ts')),
    );
    writeFileSync(join(folder, 'redis.conf'), 'dir /data\nappendonly yes\nsave ""\n');
    writeFileSync(join(folder, 'uploads/picture'), 'a picture');
    writeFileSync(join(folder, 'compose.yml'), compose);
    for (const [from, to] of [
      ['F42.strategy.yaml', 'strategy.yaml'],
      ['F42.yaml', 'scenario.yaml'],
    ] as const) {
      const text = readFileSync(inRepository(`fixtures/field-cases/${from}`), 'utf8');
      // There is nothing of an application in it: asked for by name, an inventory of nothing is no pass.
      const here = text
        .replace('./F42.strategy.yaml', './strategy.yaml')
        .replace('./F42.compose.yml', './compose.yml')
        .replace(', redis.inventory', '');
      writeFileSync(join(folder, to), here);
    }
    const before = digestOf(folder);
    const planned = await muster(['plan', join(folder, 'scenario.yaml')]);
    expect(planned.stdout).toContain(
      "./redis-data of redis at /data: an empty volume of the drill's own instead (a component keeps its data there)",
    );
    expect(planned.stdout).toContain(
      "./redis.conf of redis at /etc/redis.conf: a copy in a volume of the drill's own instead",
    );

    const ended = await muster(['run', join(folder, 'scenario.yaml'), '--json', '--seed', '7', '--out', out]);
    const { result } =
      jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills[0] ??
      expect.fail(`no drill was judged: ${ended.stderr}`);
    expect(digestOf(folder)).toBe(before);
    expect({ exitCode: ended.code, red: findingsThat('fail', result) }, ended.stderr).toEqual({
      exitCode: 0,
      red: [],
    });
    expect(
      (await leftOf(result.drill)).map((each) => each.name),
      'left in the engine',
    ).toEqual([]);
  });

  it.each([
    [
      hostFolders.elsewhere,
      'F42',
      /redis keeps its data in \/data, which is on no volume of the compose file[^]*volume \S*data at \/var\/lib\/redis, with nothing of its data/,
    ],
    [
      hostFolders.tooHigh,
      'F42.postgres',
      /db keeps its data in \/var\/lib\/postgresql\/data, which is on no volume of the compose file[^]*at \/var\/lib\/postgresql, with nothing of its data; it lies on a volume without a name, at \/var\/lib\/postgresql\/data/,
    ],
  ])('%s', async (_, file, says) => {
    const before = (await readdir(join(out, 'drills')).catch(() => [])) as string[];
    const ended = await muster([
      'run',
      inRepository(`fixtures/field-cases/${file}.yaml`),
      '--seed',
      '7',
      '--out',
      out,
    ]);
    expect(ended.code, ended.stderr).toBe(69);
    expect(ended.stderr).toMatch(says);
    const [drill] = (await readdir(join(out, 'drills'))).filter((one) => !before.includes(one));
    const events = readFileSync(join(out, 'drills', drill!, 'events.jsonl'), 'utf8');
    expect(events).not.toMatch(/"type":"(fault\.begun|schedule\.begun)"/);
    expect(await leftOf(drill!)).toEqual([]);
  });
});
