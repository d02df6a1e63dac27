import { z } from 'zod';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { defineContainerFault } from '../../core/fault.ts';
import type { DeployedImage, Service } from '../../core/service.ts';

const undoMs = 120_000;

/** Where the image goes too, nothing is left to start again. */
async function remove(service: Service): Promise<ActiveFault> {
  const { deployment } = service;
  const image = await deployment.image();
  const { imageToo } = await deployment.remove();
  return {
    facts: { image: image.id, name: image.name, imageToo },
    witness: () => seen(service, image, imageToo),
    stillThere: () => seen(service, image, false),
    undo: {
      name: `undo remove-container of ${service.name}`,
      deadlineMs: undoMs,
      run: async () => {
        if ((await service.state()).status === 'missing' && (await deployment.has(image.id)))
          await deployment.deploy(image);
      },
      // What was removed with its image only a backup brings back: that is the recovery's business.
      healed: async () => ((await service.state()).status === 'running' ? true : imageToo ? null : false),
    },
  };
}

async function seen(service: Service, { id, name }: DeployedImage, imageToo: boolean): Promise<Proof | null> {
  const [{ status }, image] = [await service.state(), await service.deployment.has(id)];
  if (status !== 'missing' || (imageToo && image)) return null;
  return {
    what: `the engine knows no container of ${service.name} any more${imageToo ? `, nor an image ${name}` : ''}`,
    facts: { status, imageThere: image },
  };
}

export default defineContainerFault({
  about:
    'an operator removes the container, and its image where only this drill uses it: there is nothing to start again',
  params: z.strictObject({}),
  mayLoseData: true,
  askedAgain: true,
  witnessDeadlineMs: 30_000,
  inject: ({ service }) => remove(service),
});
