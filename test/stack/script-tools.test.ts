import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, describe, expect, test } from 'vitest';
import { scriptTools } from '../../stack/script-tools.ts';
import { mayMount } from '../support/may-mount.ts';

const engine = 'unix:///var/run/docker.sock';
const drill = { project: 'muster-d1', files: ["/srv/it's/compose.yml", '/tmp/a b/drill.yml'], engine };
const given = {
  COMPOSE_PROJECT_NAME: drill.project,
  COMPOSE_FILE: drill.files.join(':'),
  DOCKER_HOST: engine,
};
const newFolder = (): string => mkdtempSync(join(tmpdir(), 'muster script-tools-'));

interface Given {
  names?: string[];
  /** Where the drill's own is written to. */
  folders?: string[];
  /** Of the real one, beside saying what it is called with. */
  more?: string;
}

/** A script of the user's, with a `docker` behind the drill's own that says what it is called with. */
async function script(
  text: string,
  { names = ['docker', 'docker-compose'], folders = [newFolder()], more = '' }: Given = {},
): Promise<{ code: number; said: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-script-tools-'));
  for (const name of names) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} called with: $*"\n${more}`);
    chmodSync(join(folder, name), 0o755);
  }
  const path = `${folder}:/usr/bin:/bin`;
  const bin = await scriptTools(folders, drill, path);
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
    'docker compose -vf compose.yml up -d',
    // Another engine.
    'docker --context prod compose up -d',
    'docker --context=prod compose exec db true',
    'docker -c prod compose ps',
    'docker -cprod compose ps',
    'docker -Dc prod compose ps',
    'docker -H ssh://prod compose exec -T db true',
    'docker -H=ssh://prod compose up -d',
    'docker -l error --host tcp://prod:2376 compose stop',
    'docker --host=tcp://prod:2376 compose stop',
    'docker-compose -H ssh://prod -f mine.yml up',
    'docker-compose --tlscacert ca.pem --host ssh://prod exec db true',
    'docker-compose --context prod exec db true',
    'docker-compose -Hssh://prod up',
    'DOCKER_HOST=ssh://prod docker compose up -d',
    'unset DOCKER_HOST; DOCKER_CONTEXT=prod docker compose stop',
  ])('%s', async (text) => {
    const { code, said } = await script(text);
    expect(said).toMatch(
      /^muster: compose \w+ (by|of project|on) .*: in a drill Compose acts on the drill's copy/,
    );
    expect(said).not.toContain('called with');
    expect(code).toBe(64);
  });
});

describe("what moves or removes names of the user's images is refused, by the drill's own file too", () => {
  test.each([
    ['docker compose up -d --pull always app', 'up --pull always'],
    ['docker compose --profile x up --pull=always', 'up --pull always'],
    ['docker compose create --pull build', 'create --pull build'],
    ['docker compose run --rm --pull always db true', 'run --pull always'],
    ['docker compose pull --policy always', 'pull --policy always'],
    ['docker compose pull -q --policy=always db', 'pull --policy always'],
    // Of a name without a tag, or with `latest`, Compose takes every image for missing.
    ['docker compose pull --policy missing', 'pull --policy missing'],
    ['docker compose down -v --rmi all', 'down --rmi all'],
    ['docker-compose down --rmi=all', 'down --rmi all'],
    ['docker compose build --pull', 'build --pull'],
    ['docker compose build --pull app', 'build --pull'],
    ['docker compose build --no-cache --pull=true app', 'build --pull'],
  ])('%s', async (text, found) => {
    const { code, said } = await script(text);
    const option = /--\w+/.exec(found)![0];
    expect(said).toBe(
      `muster: compose ${found}: in a drill Compose acts on the drill's copy. Leave ${option} out: names of images stay what they are.`,
    );
    expect(code).toBe(64);
  });
});

describe('all else is as it is', () => {
  test.each([
    'docker compose up -d --pull never',
    'docker compose up --pull=missing app',
    'docker compose up --quiet-pull',
    'docker compose pull --policy never',
    'docker compose pull',
    'docker compose down -v --rmi local',
    'docker compose down --rmi=local -t 1',
    'docker compose build --no-cache app',
    'docker compose run --rm db tool --policy always --rmi all',
    'docker compose exec db tool --pull always',
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
    'docker compose exec -T db sh -c id',
    'docker compose cp db:/dump .',
    'docker compose run --rm -H x db true',
    'docker -H unix:///var/run/docker.sock compose up -d',
    'docker --host=unix:///run/docker.sock compose exec db true',
    'docker --context default compose ps',
    'docker-compose -H unix:///var/run/docker.sock/ exec db true',
    'docker --context prod ps',
    'docker -H ssh://prod exec shop-db true',
  ])('%s', async (text) => {
    const { code, said } = await script(text);
    const [name, ...words] = text.replaceAll('"', '').split(' ');
    expect(said).toBe(`${name} called with: ${words.join(' ')}`);
    expect(code).toBe(0);
  });

  test('a program that is not there is not made up', async () => {
    expect(await script('command -v docker-compose || echo none', { names: ['docker'] })).toEqual({
      code: 0,
      said: 'none',
    });
  });

  test.each(['bin', 'project', 'files', 'named', 'of', 'kept', 'folder', 'IFS'])(
    'a variable %s that a script exported',
    async (name) => {
      const text = `export ${name}=/backups/today; docker compose exec -T -e ${name} db true`;
      const { said } = await script(text, { more: `echo "$${name}"\n` });
      // Every shell has IFS of its own when it starts.
      if (name !== 'IFS') expect(said.split('\n')[1]).toBe('/backups/today');
      expect(said).toContain(`docker called with: compose exec -T -e ${name} db true`);
    },
  );

  test('what the real one finds by PATH', async () => {
    const { said } = await script('echo "$PATH"; docker compose ps', { more: 'echo "$PATH"\n' });
    const [path, , its] = said.split('\n');
    expect(its).toBe(path);
  });

  test('its folder by another name is not taken for the real one', async () => {
    const folder = newFolder();
    const again = `${newFolder()}/link`;
    const text = `ln -s '${folder}/bin' '${again}'; PATH="${again}:$PATH" docker ps`;
    expect(await script(text, { folders: [folder] })).toEqual({ code: 0, said: 'docker called with: ps' });
  });
});

describe('where no program can be started from the temporary folder', () => {
  const mounted: string[] = [];
  const noExec = (): string => {
    const folder = newFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,noexec', 'tmpfs', folder]);
    mounted.push(folder);
    return folder;
  };
  afterEach(() => {
    for (const folder of mounted.splice(0)) {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });

  test.runIf(mayMount)('another folder serves', async () => {
    const folders = [noExec(), newFolder()];
    const { code, said } = await script('docker compose -f ./docker-compose.yml up -d db', { folders });
    expect(said).toMatch(/^muster: compose up by -f \.\/docker-compose\.yml/);
    expect(code).toBe(64);
    expect(existsSync(join(folders[0]!, 'bin'))).toBe(false);
  });

  test.runIf(mayMount)('no command runs where none does', async () => {
    const folders = [noExec(), noExec()];
    await expect(script('docker compose up', { folders })).rejects.toMatchObject({
      trouble: 'environment',
      message: 'what keeps scripts to the drill cannot be started: no command runs on this machine',
      found: expect.stringMatching(/EACCES[^]*EACCES/),
      hint: expect.stringContaining('TMPDIR'),
    });
  });

  test('one that cannot be written to counts as such', async () => {
    const [file, folder] = [join(newFolder(), 'file'), newFolder()];
    writeFileSync(file, '');
    expect(await script('docker ps', { folders: [file, folder] })).toMatchObject({ code: 0 });
    await expect(script('docker ps', { folders: [file] })).rejects.toMatchObject({ trouble: 'environment' });
  });
});
