import { environmentError, messageOf } from '../core/errors.ts';
import { longMs, saying } from './deadline.ts';
import { systemClock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { followed, type Docker } from './runtime.ts';

/**
 * The same image in a mirror that keeps the official names: `redis:8.0.2` is `mirror/library/redis:8.0.2`; a
 * registry's own host is left out.
 */
export function inMirror(reference: string, mirror: string | null): string {
  if (!mirror) return reference;
  const parts = reference.split('/');
  if (parts.length > 1 && /[.:]|^localhost$/.test(parts[0]!)) parts.shift();
  if (parts.length === 1) parts.unshift('library');
  return `${mirror}/${parts.join('/')}`;
}

/**
 * Whether the engine itself can see the image in its registry. Asked of the engine, since its way out may
 * differ from ours.
 */
export async function registryAnswers(
  docker: Docker,
  reference: string,
  deadlineMs: number,
): Promise<{ ok: boolean; why: string }> {
  const asked = docker
    .getImage(reference)
    .distribution()
    .then(
      () => ({ ok: true, why: 'it has the image' }),
      // The engine's own words, without the client's frame around them.
      (error: Error) => ({
        ok: false,
        why: error.message.replace(/^\(HTTP code \d+\) [\w ]+ - /, '').trim(),
      }),
    );
  return withDeadline(systemClock, 'an answer', deadlineMs, asked).catch((error: unknown) => ({
    ok: false,
    why: messageOf(error),
  }));
}

/** Pulls an image; the progress lines are the engine's. Environment error when it cannot be had. */
export async function pull(
  docker: Docker,
  reference: string,
  progress: (line: string) => void,
): Promise<void> {
  const what = `pulling ${reference}`;
  progress(saying(what, longMs));
  const tell = (event: { status?: string; id?: string }): void => {
    if (event.status === 'Pull complete') progress(`${reference}: layer ${event.id} pulled`);
  };
  try {
    await withDeadline(
      systemClock,
      what,
      longMs,
      docker.pull(reference).then((stream) => followed(docker, stream, tell)),
    );
  } catch (error) {
    throw environmentError(`${reference} cannot be pulled`, {
      expected: 'a registry that has it',
      hint: 'MUSTER_IMAGES=build builds it from Debian packages instead; MUSTER_REGISTRY=host:port names a mirror',
      cause: error,
    });
  }
}
