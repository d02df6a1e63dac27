import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { composeConfig, composeTrouble } from '../../stack/compose.ts';
import { masked } from '../../core/masking.ts';
import { runningWith } from '../support/processes.ts';

const run = {
  project: 'muster-d1',
  labels: { 'muster.drill': 'd1', 'muster.owner': '1:2:3' },
  environment: { DB_PASSWORD: 'correct-horse' },
};

describe('what Compose makes of a file', () => {
  const written = (text: string): string => {
    const file = join(mkdtempSync(join(tmpdir(), 'muster-compose-')), 'compose.yml');
    writeFileSync(file, text);
    return file;
  };
  const cluttered =
    'x-shared: &shared { labels: { a: b } }\nservices: { db: { <<: *shared, image: redis } }\n';

  test('is read, merge keys included', async () => {
    expect((await composeConfig({ ...run, file: written(cluttered) })).services['db']).toMatchObject({
      image: 'redis',
      labels: { a: 'b' },
    });
  });

  test('is not waited for without end: Compose goes round in a merge key that merges itself', async () => {
    const file = written('x-shared: &shared { <<: *shared }\nservices: { db: { image: redis } }\n');
    await expect(composeConfig({ ...run, file }, { deadlineMs: 3_000 })).rejects.toMatchObject({
      trouble: 'input',
      message: `Compose does not come to an end with ${file}`,
      at: { file },
    });
    expect(runningWith(file), 'processes that go on').toEqual([]);
  });

  test('that it refuses is told in its own words', async () => {
    const file = written('services: { db: { image: [redis] } }\n');
    await expect(composeConfig({ ...run, file })).rejects.toMatchObject({
      trouble: 'input',
      found: expect.stringContaining('services.db.image'),
    });
  });
});

describe('what Compose fails with', () => {
  test.each([
    ['write /var/lib/docker/tmp/GetImageBlob: no space left on device', 'no space left on the disk'],
    [
      'Error response from daemon: pull access denied for nope, repository does not exist',
      'an image cannot be pulled',
    ],
    [
      'dependency failed to start: container muster-d1-db-1 is unhealthy',
      'the stack muster-d1 does not come up',
    ],
  ])('%s', (said, message) => {
    const error = composeTrouble(new Error(` Container muster-d1-db-1  Creating\n${said}`), run);
    expect(error).toMatchObject({ trouble: 'environment', message });
    expect(error.found).toContain(said);
  });

  test('never shows a secret', () => {
    const error = composeTrouble(
      new Error('invalid value "correct-horse" in DB_URL=mysql://root:correct-horse@db'),
      run,
    );
    expect(JSON.stringify([error.found, (error.cause as Error).message])).not.toContain('correct-horse');
    expect(error.found).toContain('***');
  });

  test('masking leaves words alone that are too short to be a secret', () => {
    expect(masked('root at root', ['root', ''])).toBe('root at root');
  });
});
