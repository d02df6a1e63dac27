import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../core/result.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import { findingsThat, inRepository } from '../../support/real-drill.ts';

const cases = inRepository('fixtures/field-cases');
const folder = mkdtempSync(join(tmpdir(), 'muster-field-as-it-is-'));
beforeAll(() =>
  cpSync(cases, folder, { recursive: true, filter: (name) => !/F(?!33|34|38)\d\d/.test(name) }),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function drill(name: string): Promise<{ code: number | null; result: DrillResult; text: string }> {
  const out = mkdtempSync(join(folder, 'out-'));
  const ended = await muster(['run', join(folder, name), '--json', '--seed', '7', '--out', out]);
  const { result } =
    jsonOf<{ drills: { result: DrillResult }[] }>(ended).drills?.[0] ??
    expect.fail(`no drill was judged: ${ended.stderr}`);
  return {
    code: ended.code,
    result,
    text: readFileSync(join(out, 'drills', result.drill, 'events.jsonl'), 'utf8'),
  };
}

describe('F34, external network and volume', { timeout: 600_000 }, () => {
  it("are the drill's own and empty, and need not be there at all", async () => {
    const { result, text } = await drill('F34.yaml');
    expect(findingsThat('fail', result)).toEqual([]);
    expect(text).toContain("external volume shop-data: an empty one of the drill's own instead");
    expect(text).toContain("external network edge: one of the drill's own instead");
  });
});

describe('F33, containers that end on purpose', { timeout: 600_000 }, () => {
  it('are not waited for where nothing needs them, and the report says so', async () => {
    const { result } = await drill('F33.yaml');
    expect(findingsThat('fail', result)).toEqual([]);
    expect(result.time.rtaMs).not.toBeNull();
    expect(result.notes.map(({ text }) => text)).toContain(
      'update-lists ended with 3: nothing needs it, and it is not waited for',
    );
  });
});

describe('F38, a copy that goes to work', { timeout: 600_000 }, () => {
  it('sends nothing out, and the report says what it would have sent', async () => {
    const { result } = await drill('F38.yaml');
    expect(findingsThat('fail', result)).toEqual([]);
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
