import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageChoice, imagesWanted, provideImages } from '../../stack/images.ts';
import { getRuntime } from '../../stack/runtime.ts';

/**
 * The images of the reference stack, before any test begins: on a new machine making them takes minutes, and
 * a test's own time is for what it shows.
 */
export default async function referenceImages(): Promise<void> {
  const compose = readFileSync(join(import.meta.dirname, '../../docker-compose.yml'), 'utf8');
  await provideImages(
    await getRuntime(),
    imagesWanted(compose),
    imageChoice(process.env, (line) => console.error(line)),
  );
}
