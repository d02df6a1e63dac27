import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { scriptTools } from '../../stack/script-tools.ts';

const drill = { project: 'muster-d1', files: ["/srv/it's/compose.yml", '/tmp/a b/drill.yml'] };
const given = { COMPOSE_PROJECT_NAME: drill.project, COMPOSE_FILE: drill.files.join(':') };

/** A script of the user's, with a `docker` behind the drill's own that says what it is called with. */
async function script(
  text: string,
  names = ['docker', 'docker-compose'],
): Promise<{ code: number; said: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-script-tools-'));
  for (const name of names) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} called with: $*"\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const path = `${folder}:/usr/bin:/bin`;
  const bin = await scriptTools(mkdtempSync(join(tmpdir(), 'muster script-tools-')), drill, path);
  const { exitCode, all } = await execa('sh', ['-c', text], {
    env: { PATH: `${bin}:${path}`, ...given },
    extendEnv: false,
    all: true,
    reject: false,
  });
  return { code: exitCode!, said: all };
}

describe("what acts on something else than the drill's copy is refused", () => {
  test.each([
    'docker compose -f ./compose.yml up -d',
    'docker compose --file=./compose.yml run --rm db true',
    'docker compose -f./compose.yml create',
    'docker compose --profile x --file ./compose.yml down -v',
    'docker --log-level error compose -f ./compose.yml up',
    'docker compose -p shop exec db true',
    'docker compose -pshop stop app',
    'docker compose --project-name=shop ps',
    'docker-compose -f compose.yml up -d',
    'COMPOSE_FILE=compose.yml docker compose up -d',
    'unset COMPOSE_FILE; docker compose up -d',
    'COMPOSE_PROJECT_NAME=shop docker compose stop',
    'cd /tmp && exec docker compose --ansi never -f compose.yml up',
  ])('%s', async (text) => {
    const { code, said } = await script(text);
    expect(said).toMatch(
      /^muster: compose \w+ (by|of project) .*: in a drill Compose acts on the drill's copy/,
    );
    expect(said).not.toContain('called with');
    expect(code).toBe(64);
  });
});

describe('all else is as it is', () => {
  test.each([
    'docker compose up -d --build app',
    'docker compose run --rm -e "A=b c" db psql -f x.sql -p 1',
    'docker compose -f ./compose.yml exec -T db pg_dump -f x',
    'docker compose logs -f',
    'docker compose -p muster-d1 ps',
    'docker compose --profile x up',
    'docker compose',
    'docker compose --help',
    'docker run -p 80:80 -f x compose up',
    'docker exec -i shop-db compose -p shop up',
    'docker-compose exec db true',
    'docker ps',
  ])('%s', async (text) => {
    const { code, said } = await script(text);
    const [name, ...words] = text.replaceAll('"', '').split(' ');
    expect(said).toBe(`${name} called with: ${words.join(' ')}`);
    expect(code).toBe(0);
  });

  test('a program that is not there is not made up', async () => {
    expect(await script('command -v docker-compose || echo none', ['docker'])).toEqual({
      code: 0,
      said: 'none',
    });
  });
});
