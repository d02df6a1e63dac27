import type { Artifact, RestoreContext } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { OwnOptions } from '../../core/own-backup.ts';
import { commandTitle } from '../../core/steps/command.ts';
import type { Json } from '../../core/timeline.ts';
import { lastLines } from '../command-output.ts';
import { shown } from './reference.ts';
import { shownByStore } from './stored.ts';
import { at, run, type OwnComponent, type Place } from './place.ts';

/** Hands the script what it once left. What the script does with it, the drill sees by its clients. */
export async function restoreOwn(own: OwnComponent, from: Artifact, context: RestoreContext): Promise<Json> {
  const { restore } = context.options as OwnOptions;
  return at(own, restore, context, [], async (place) => {
    const facts = await context.stage('fetch', `what ${commandTitle(restore)} is given`, () =>
      from.external ? keptFacts(own, from, context) : fileFacts(from, place),
    );
    const { exitCode, stdout, stderr } = await context.stage('restore', commandTitle(restore), () =>
      run(own, restore, context, place, { facts }),
    );
    return { exitCode, stdout: lastLines(stdout), stderr: lastLines(stderr) };
  });
}

async function fileFacts({ files }: Artifact, { ground }: Place): Promise<Record<string, string>> {
  const paths: string[] = [];
  for (const file of files) paths.push(await ground.put(file));
  return { MUSTER_FROM: ground.folder, ...(paths.length === 1 ? { MUSTER_FILE: paths[0]! } : {}) };
}

/** What is another by now is not restored: nothing was changed by then. */
async function keptFacts(
  own: OwnComponent,
  { point, external }: Artifact,
  context: RestoreContext,
): Promise<Record<string, string>> {
  const { produces } = context.options as OwnOptions;
  const { reference, sha256 } = external!;
  if ('files' in produces)
    throw environmentError(`recovery point ${point} is kept by its script`, {
      found: 'produces: { files: … }',
      expected: 'produces: { kept: … } or { objects: … }',
    });
  const now =
    'objects' in produces
      ? await shownByStore(own, produces, reference)
      : await shown(own, produces.kept, reference, context);
  if (now.sha256 !== sha256)
    throw environmentError(`${reference} is not what recovery point ${point} was`, {
      found: `SHA-256 ${now.sha256}`,
      expected: `SHA-256 ${sha256}`,
      hint: 'Nothing was changed. Restore from another copy.',
    });
  return { MUSTER_REFERENCE: reference };
}
