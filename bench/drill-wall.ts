/**
 * What does measuring cost? The wall time of a drill, against the same steps typed by hand as a shell script,
 * in turn.
 *
 *   node bench/drill-wall.ts [pairs]
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { imageChoice, imagesWanted, provideImages } from '../stack/images.ts';
import { variableOf } from '../stack/recipes.ts';
import { createRunEnvironment } from '../stack/run-environment.ts';
import { getRuntime } from '../stack/runtime.ts';
import { comparePairs, timed } from './pairs.ts';

const pairs = Number(process.argv[2] ?? 3);
const execute = promisify(execFile);
const root = resolve(import.meta.dirname, '..');
const stack = join(root, 'docker-compose.yml');
const chosen = await provideImages(
  await getRuntime(),
  imagesWanted(readFileSync(stack, 'utf8')),
  imageChoice(process.env, console.error),
);
const images = Object.fromEntries(
  [...chosen.values()].map((image) => [variableOf(image.name), image.reference]),
);

const byMuster = (): Promise<number> =>
  timed(() =>
    execute(
      process.execPath,
      [
        'cli/main.ts',
        'run',
        'reference/redis-volume-lost',
        '--out',
        mkdtempSync(join(tmpdir(), 'muster-wall-')),
      ],
      { cwd: root },
    ),
  );

async function byHand(): Promise<number> {
  const { environment } = await createRunEnvironment();
  const env = {
    ...process.env,
    ...environment,
    ...images,
    BACKUP_PASSWORD: randomBytes(24).toString('hex'),
    HELPER_IMAGE: images['MUSTER_IMAGE_REDIS'],
  };
  return timed(() =>
    execute(
      'bash',
      [
        join(import.meta.dirname, 'by-hand/redis-volume-lost.sh'),
        stack,
        `by-hand-${randomBytes(3).toString('hex')}`,
      ],
      { env, cwd: root },
    ),
  );
}

await comparePairs({ pairs, most: 1.15 }, byHand, byMuster);
