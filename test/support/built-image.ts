import { pack } from 'tar-stream';
import { followed, getRuntime } from '../../stack/runtime.ts';

/** Builds an image from a Dockerfile alone, under that name. */
export async function builtImage(dockerfile: string, tag: string): Promise<void> {
  const docker = (await getRuntime()).container.dockerode;
  const context = pack();
  context.entry({ name: 'Dockerfile' }, dockerfile);
  context.finalize();
  const options = { t: tag, forcerm: true };
  await followed(docker, await docker.buildImage(context as unknown as NodeJS.ReadableStream, options));
}
