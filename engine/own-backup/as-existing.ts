import { createReadStream } from 'node:fs';
import type { Artifact, RestoreContext } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { Candidate } from '../../core/existing.ts';
import { existingSchema } from '../../core/existing-plan.ts';
import type { Json } from '../../core/timeline.ts';
import { attachedTo, storeOf } from '../drill-context.ts';
import { serviceOf } from '../drill-environment.ts';
import { decryptionOf } from '../existing-key.ts';
import type { Own } from './place.ts';

const healthyMs = 120_000;

/**
 * Restores a recovery point as `muster restore-test` does a backup that it finds: by what the driver makes of
 * dumps of other tools. Rejects where it is none of these, with what the driver says of it.
 */
export async function restoreAsExisting(
  own: Own,
  from: Artifact,
  store: string | null,
  { signal, stage, progress }: RestoreContext,
): Promise<Json> {
  const { drill, component } = own;
  const candidate = onlyOne(own, from, store);
  const declared = component.declared.existing ?? existingSchema.parse({ from: candidate.name });
  const restorer = (await attachedTo(drill, component.name).existing())!;
  await begun(own, signal);
  const opened = await stage('fetch', candidate.name, () =>
    drill.existing.open(candidate, decryptionOf(drill, declared), signal),
  );
  try {
    const recognised = restorer.recognise(opened.head, declared);
    if (recognised.is !== 'ours')
      throw environmentError(`${candidate.name} is no backup of ${component.name}`, {
        found: recognised.why,
      });
    return await stage('restore', candidate.name, async () => {
      const emptied = await restorer.empty(declared);
      const { facts, whole } = await restorer.restore(opened.content, recognised, {
        signal,
        progress,
        declared,
      });
      // What is there now may rightly be what one of them was.
      own.earlier = [];
      return { format: recognised.format, whole, emptied, facts };
    });
  } finally {
    opened.close();
  }
}

/** Several files are of several databases or kinds, which nobody here can tell. */
function onlyOne({ drill }: Own, { point, files, external }: Artifact, store: string | null): Candidate {
  const keys = external ? external.reference.split('\n') : [];
  if (files.length + keys.length !== 1)
    throw environmentError(`recovery point ${point} is not one file that could be restored`, {
      found: [...files.map(({ name }) => name), ...keys].join(', '),
      expected: 'one file; a command under `restore` may take several',
    });
  const key = keys[0];
  if (key !== undefined)
    return {
      name: key,
      bytes: external!.bytes,
      modified: null,
      open: () => storeOf(drill, store!).store.read(key),
    };
  const { name, bytes, path } = files[0]!;
  return { name, bytes, modified: null, open: async () => createReadStream(path) };
}

/** What was killed, or lost its data, begins anew and is then emptied. */
async function begun({ drill, component }: Own, signal: AbortSignal): Promise<void> {
  if (!drill.stack) return;
  const service = serviceOf(drill, component.service);
  if ((await service.state()).status !== 'running') await service.start();
  await service.waitHealthy(healthyMs, signal);
}
