import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placesIn } from '../../stack/places-in.ts';
import { projectFiles } from '../../stack/project-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-project-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, text: string): string => {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};

test('a project is all that is given, included and extended, each file once', async () => {
  const file = put(
    'compose.yml',
    'include: [data/compose.yml, { path: [more/a.yml, more/b.yml], env_file: more.env }, gone.yml, "oci://x/y"]\nservices: { a: { extends: { file: common/base.yml, service: a } } }\n',
  );
  put('data/compose.yml', 'include: [deep/compose.yml]\nservices: { db: { image: d } }\n');
  put('data/.env', 'A=1\n');
  put('data/deep/compose.yml', 'include: [../compose.yml]\nservices: { x: { image: x } }\n');
  put('more/a.yml', 'services: { m: { image: m } }\n');
  put('more/b.yml', 'services: [not, a, mapping');
  put('more/.env', 'B=1\n');
  put('more.env', 'C=1\n');
  put('common/base.yml', 'services: { a: { extends: { file: root.yml, service: a } } }\n');
  put('common/root.yml', 'services: { a: { image: a } }\n');
  const override = put('compose.override.yml', 'services: { db: { image: o } }\n');
  const { files, envFiles } = await projectFiles([file, override]);
  expect(files.map((one) => `${relative(folder, one.file)} ${one.by}`)).toEqual([
    'compose.yml given',
    'compose.override.yml given',
    'data/compose.yml include',
    'data/deep/compose.yml include',
    'more/a.yml include',
    'more/b.yml include',
    'common/base.yml extends',
    'common/root.yml extends',
  ]);
  expect(envFiles.map((some) => some.map((one) => relative(folder, one)))).toEqual([
    ['data/.env'],
    ['more.env'],
  ]);
});

test('what an included file says has its place there, and what goes over it has its own', async () => {
  const file = put('compose.yml', 'include: [data.yml]\nservices:\n  a: { image: a, privileged: true }\n');
  const included = put('data.yml', 'services:\n  db:\n    image: d\n    privileged: true\n    pid: host\n');
  const override = put('over.yml', 'services:\n  db:\n    pid: host\n');
  const place = await placesIn(file, [override]);
  expect(place('db', ['privileged'])).toMatchObject({ file: included, line: 4 });
  expect(place('db', ['pid'])).toMatchObject({ file: override, line: 3 });
  expect(place('a', ['privileged'])).toMatchObject({ file, line: 3 });
  expect(place('nobody', [])).toMatchObject({ file, line: 3 });
});
