import { posix } from 'node:path';
import { pack } from 'tar-stream';
import { environmentError, messageOf } from '../core/errors.ts';
import { followedPath, isThere, mountOf } from './own-path.ts';
import type { Container, Inspection } from './runtime.ts';

/**
 * Replaces a file in a container's own layer through the engine's archive call (`PUT
 * /containers/{id}/archive`), which also works while it is stopped. A path that a mount covers belongs to
 * something else, perhaps to a file of the user's: refused.
 */
export async function putFile(
  container: Container,
  name: string,
  found: Inspection,
  path: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  // Before the links are followed: a folder that comes in between may be a link to somewhere else.
  if (!(await isThere(container, posix.dirname(path))))
    throw environmentError(`${path} cannot be written in ${name}`, {
      found: `no folder ${posix.dirname(path)}`,
      expected: 'a folder that is there',
    });
  const mount = mountOf(found, path) ?? mountOf(found, await followedPath(container, path));
  if (mount)
    throw environmentError(`${path} of ${name} is not the container's own`, {
      found: `a ${mount.Type} mounted on ${mount.Destination}`,
      expected:
        "a file of the container's own layer, such as a compose config or secret with its content in place",
    });
  const archive = pack();
  archive.entry({ name: posix.basename(path), mode }, Buffer.from(content));
  archive.finalize();
  try {
    await container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: posix.dirname(path) });
  } catch (error) {
    throw environmentError(`${path} cannot be written in ${name}`, { found: messageOf(error), cause: error });
  }
}
