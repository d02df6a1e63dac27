import { resolve } from 'node:path';
import { removeDeadScratch } from '../stack/dead-drills.ts';
import { removeDeadTemporary } from '../stack/temporary.ts';
import { saying } from '../stack/deadline.ts';
import { systemClock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { messageOf } from '../core/errors.ts';
import { endNotedCommands } from '../engine/noted-commands.ts';
import { imageChoice, imagesWanted, provideImages } from '../stack/images.ts';
import { prepareHost } from '../stack/host-preparation.ts';
import { removePrepared } from '../stack/prepared.ts';
import { findLeftovers, removeLeftovers, type Leftover } from '../stack/leftovers.ts';
import { getRuntime } from '../stack/runtime.ts';
import { projectFiles } from '../stack/project-files.ts';
import type { Removed } from '../stack/marked.ts';
import { plural } from '../reports/words.ts';

/** Installs and starts what is missing. Throws an environment error with the remedy where it cannot. */
export async function prepare(say: (text: string) => void): Promise<void> {
  await prepareHost({ progress: say });
}

const askingMs = 60_000;
/** The minute that removing has of its own, and what is asked around it. */
const removingMs = 90_000;
const noAnswer = 'the container engine takes requests and does not answer: look at its log';

/**
 * What drills left, asked of the engine. Says what it waits for; an environment error when no answer comes.
 */
export function askForLeftovers(say: (text: string) => void): Promise<Leftover[]> {
  const what = 'asking the container engine what drills left';
  say(saying(what, askingMs));
  return withDeadline(systemClock, what, askingMs, findLeftovers(), noAnswer);
}

/** Removes what drills left. Says what it waits for; an environment error when that does not end. */
export function removeWhatWasLeft(
  say: (text: string) => void,
  options: Parameters<typeof removeLeftovers>[0] = {},
): Promise<Removed> {
  const what = options.drills
    ? `removing what ${options.drills.join(', ')} left`
    : options.all
      ? 'removing what any drill left'
      : 'removing what an earlier drill left';
  say(saying(what, removingMs));
  return withDeadline(systemClock, what, removingMs, removeLeftovers(options), noAnswer);
}

/** Removes the images that keep a folder for later drills, but for those that a drill uses. */
export const removePreparedFolders = async (): Promise<string[]> =>
  withDeadline(
    systemClock,
    'removing what is kept for later drills',
    removingMs,
    getRuntime().then((engine) => removePrepared(engine)),
    noAnswer,
  );

/**
 * Removes what drills whose Muster is gone left behind. Throws an environment error when there is no engine
 * to ask.
 */
export async function removeOrphans(say: (text: string) => void): Promise<void> {
  const left = (await askForLeftovers(say)).filter((one) => !one.alive);
  if (left.length === 0) return;
  // Nothing of an earlier drill is in the way of another one, and nobody can do more about it here.
  const removed = await removeWhatWasLeft(say).catch((error: unknown) => {
    say(`not all that an earlier drill left can be removed, and muster gc tries again: ${messageOf(error)}`);
    return null;
  });
  if (removed === null) return;
  if (Object.values(removed).flat().length > 0)
    say(`removed what an earlier drill left: ${removedText(removed)}`);
  else for (const one of left) say(heldText(one));
}

/** Of what is left where all that could be removed was. */
export const heldText = ({ drill, containers, volumes, networks, images }: Leftover): string =>
  `not removed of ${drill}: ${[...containers, ...volumes, ...networks, ...images].join(', ')}, which a container that is not the drill's uses`;

/**
 * Pulls or builds what these compose files leave to us. Throws an environment error when an image cannot be
 * had.
 */
export async function provideImagesOf(
  composeFiles: readonly string[],
  say: (text: string) => void,
): Promise<void> {
  for (const file of composeFiles)
    await provideImages(
      await getRuntime(),
      imagesWanted((await projectFiles([file])).files.map(({ text }) => text).join('\n')),
      imageChoice(process.env, say),
    );
}

/**
 * Ends what killed drills left running on this machine, and then removes the plain text that they left: in
 * temporary folders, and in drills' folders there.
 */
export async function removeDeadFolders(home: string, say: (text: string) => void): Promise<string[]> {
  const endCommands = async (scratch: string, owner: string): Promise<boolean> => {
    const { ended, isAll } = await endNotedCommands(scratch, owner, systemClock);
    if (ended > 0) say(`ended what a killed drill left running: ${plural(ended, 'command')} on the host`);
    if (!isAll) say(`what it left in clear stays, as a process of it cannot be ended: ${scratch}`);
    return isAll;
  };
  const scratch: string[] = [];
  const removed = await removeDeadTemporary(async (homes) => {
    for (const one of new Set([resolve(home), ...homes]))
      scratch.push(...(await removeDeadScratch(one, endCommands)));
  });
  return [...removed, ...scratch];
}

export const foldersText = (folders: readonly string[]): string => plural(folders.length, 'folder');

export const removedText = ({ containers, volumes, networks, images }: Removed): string =>
  [
    plural(containers.length, 'container'),
    plural(volumes.length, 'volume'),
    plural(networks.length, 'network'),
    ...(images.length > 0 ? [plural(images.length, 'image')] : []),
  ].join(', ');
