import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../core/result.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import { detailOf, findingsThat, inRepository } from '../../support/real-drill.ts';
import { imagesOf } from '../../support/running-copy.ts';

const cases = inRepository('fixtures/field-cases');
const folder = mkdtempSync(join(tmpdir(), 'muster-field-as-it-is-'));
beforeAll(() =>
  cpSync(cases, folder, { recursive: true, filter: (name) => !/F(?!31|33|34|38)\d\d/.test(name) }),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Drilled {
  code: number | null;
  result: DrillResult;
  text: string;
}

async function drill(name: string, env: Record<string, string> = {}): Promise<Drilled> {
  const out = mkdtempSync(join(folder, 'out-'));
  const ended = await muster(['run', join(folder, name), '--json', '--seed', '7', '--out', out], { env });
  const { result } =
    jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills?.[0] ??
    expect.fail(`no drill was judged: ${ended.stderr}`);
  return {
    code: ended.code,
    result,
    text: readFileSync(join(out, 'drills', result.drill, 'events.jsonl'), 'utf8'),
  };
}

const judged = ({ code, result }: Drilled): object => ({
  code,
  red: findingsThat('fail', result),
  open: findingsThat('inconclusive', result),
});

/** The case asks for an inventory by its name, and a drill's own server begins empty: that is no pass. */
function isRightButFor(check: string, why: RegExp, drilled: Drilled): void {
  expect(judged(drilled)).toEqual({ code: 2, red: [], open: [check] });
  expect(detailOf(drilled.result, check)).toMatch(why);
}
const noKey = /no data of the application to compare/;
const noRow = /^0 rows of \d+ tables were compared: none could have been missed/;

describe('F31, a project of several files', { timeout: 600_000 }, () => {
  it('is the three services that Compose sees in the folder, and comes back from a crash', async () => {
    const drilled = await drill('F31/drill.yaml', await imagesOf(join(cases, 'F31/.env')));
    expect(judged(drilled)).toEqual({ code: 0, red: [], open: [] });
    const { images, loads } = drilled.result;
    expect(images.map(({ service }) => service).sort()).toEqual(['app', 'mysql', 'redis']);
    for (const { acknowledged } of loads) expect(acknowledged).toBeGreaterThan(0);
  });
});

describe('F34, external network and volume', { timeout: 600_000 }, () => {
  it("are the drill's own and empty, and need not be there at all", async () => {
    const drilled = await drill('F34.yaml');
    isRightButFor('check/redis.inventory', noKey, drilled);
    const { text } = drilled;
    expect(text).toContain("external volume shop-data: an empty one of the drill's own instead");
    expect(text).toContain("external network edge: one of the drill's own instead");
  });
});

describe('F33, containers that end on purpose', { timeout: 600_000 }, () => {
  it('are not waited for where nothing needs them, and the report says so', async () => {
    const drilled = await drill('F33.yaml');
    isRightButFor('check/mysql.inventory', noRow, drilled);
    const { result } = drilled;
    expect(result.time.rtaMs).not.toBeNull();
    expect(result.notes.map(({ text }) => text)).toContain(
      'update-lists ended with 3: nothing needs it, and it is not waited for',
    );
  });
});

describe('F38, a copy that goes to work', { timeout: 600_000 }, () => {
  it('sends nothing out, and the report says what it would have sent', async () => {
    const drilled = await drill('F38.yaml');
    isRightButFor('check/mysql.inventory', noRow, drilled);
    const { result } = drilled;
    expect(result.notes.map(({ text }) => text).join('\n')).toMatch(
      /^mailer sent to 192\.0\.2\.10, port 25\/tcp, and was refused \(packets: [1-9]\d*\)$/m,
    );
  });
});

describe('F32, a password that only a file knows', { timeout: 600_000 }, () => {
  const secret = 'a word from a file';
  it('is read where the service reads it, and is in no evidence', async () => {
    writeFileSync(join(folder, 'root'), secret);
    writeFileSync(
      join(folder, 'file.compose.yml'),
      `services:
  mysql:
    image: \${MUSTER_IMAGE_MYSQL:-mysql:9.7}
    # As the official image's entry point does.
    entrypoint: [bash, -c, 'MYSQL_ROOT_PASSWORD="$$(cat "$$MYSQL_ROOT_PASSWORD_FILE")" exec docker-entrypoint.sh mysqld']
    environment: { MYSQL_ROOT_PASSWORD_FILE: /run/secrets/root }
    secrets: [root]
    volumes: ["data:/var/lib/mysql"]
    restart: unless-stopped
secrets: { root: { file: ./root } }
volumes: { data: }
`,
    );
    const strategy = readFileSync(join(cases, 'mysql.strategy.yaml'), 'utf8').replace(
      /.*method: binlog.*\n/,
      '',
    );
    writeFileSync(
      join(folder, 'mysql.strategy.yaml'),
      strategy.replace('./mysql.compose.yml', './file.compose.yml'),
    );
    const { result, text } = await drill('mysql.dump.yaml');
    expect(findingsThat('fail', result)).toEqual([]);
    expect(result.findings.find(({ id }) => id.startsWith('rto'))).toMatchObject({ verdict: 'pass' });
    expect(text).not.toContain(secret);
  });
});
