import { createReadStream } from 'node:fs';
import { z } from 'zod';
import type { Artifact, BackupMethod, RestoreContext } from '../core/backup.ts';
import type { BackupEntry, System } from '../core/driver.ts';
import { environmentError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import type { Json } from '../core/timeline.ts';

const fileName = 'image.tar';
const healthyDeadlineMs = 120_000;

/**
 * For services whose container holds nothing that a client wrote: the image is all that it takes to have them
 * again.
 */
export const imageBackup: BackupEntry<System> = {
  about: 'the image that the service runs from, as an archive; restored by a container made anew from it',
  kind: 'snapshot',
  holds: 'software',
  options: z.strictObject({}),
  position: z.strictObject({ image: z.string(), name: z.string() }),
  of: ({ service }) => imageMethod(service),
};

/**
 * The position of a recovery point is the image's ID, which is a digest of its content: what runs after a
 * restore is that, or the restore fails.
 */
const imageMethod = (service: Service): BackupMethod => ({
  backup: async (to, { now }) => {
    const atMs = now();
    const { id, name } = await service.deployment.image();
    const { plainBytes } = await to.put(fileName, await service.deployment.save());
    return {
      atMs,
      position: { image: id, name },
      tool: "the engine's archive of the image",
      server: name,
      facts: { bytes: plainBytes },
    };
  },
  restore: (from, context) => redeploy(service, from, context),
});

async function redeploy(service: Service, from: Artifact, { stage, signal }: RestoreContext): Promise<Json> {
  const { deployment } = service;
  const file = from.files.find(({ name }) => name === fileName);
  const { image: id, name } = from.position;
  if (!file || !id || !name)
    throw environmentError('the recovery point is not one of an image', {
      found: from.files.map((one) => one.name).join(', ') || 'no files',
      expected: `${fileName}, with the image's ID and name in its manifest`,
    });
  const { thereBefore } = await stage('restore', `the engine takes in ${name}`, () =>
    deployment.load({ id, name, open: () => createReadStream(file.path) }),
  );
  signal.throwIfAborted();
  const { container } = await stage('restore', `a new container of ${service.name}`, () =>
    deployment.deploy({ id, name }),
  );
  await stage('ready', `${service.name} becomes healthy`, () =>
    service.waitHealthy(healthyDeadlineMs, signal),
  );
  return { image: id, container, imageThereBefore: thereBefore };
}
