import { readFile } from 'node:fs/promises';
import { imageChoice, imagesWanted, provideImages } from '../stack/images.ts';
import { prepareHost } from '../stack/host-preparation.ts';
import { findLeftovers, removeLeftovers } from '../stack/leftovers.ts';
import { getRuntime } from '../stack/runtime.ts';
import type { Swept } from '../stack/sweep.ts';
import { plural } from '../reports/words.ts';

/** Installs and starts what is missing. Throws an environment error with the remedy where it cannot. */
export async function prepare(say: (text: string) => void): Promise<void> {
  await prepareHost({ progress: say });
}

/** Removes what drills whose Muster is gone left behind. Throws an environment error when there is no engine to ask. */
export async function sweepLeftovers(say: (text: string) => void): Promise<void> {
  if ((await findLeftovers()).every((one) => one.alive)) return;
  say('removing what an earlier drill left (at most 1 min)');
  say(`removed what an earlier drill left: ${sweptText(await removeLeftovers())}`);
}

/** Pulls or builds what these compose files leave to us. Throws an environment error when an image cannot be had. */
export async function provideImagesOf(composeFiles: readonly string[], say: (text: string) => void): Promise<void> {
  for (const file of composeFiles) await provideImages(await getRuntime(), imagesWanted(await readFile(file, 'utf8')), imageChoice(process.env, say));
}

export const sweptText = ({ containers, volumes, networks, images }: Swept): string =>
  [plural(containers.length, 'container'), plural(volumes.length, 'volume'), plural(networks.length, 'network'), ...(images.length > 0 ? [plural(images.length, 'image')] : [])].join(', ');
