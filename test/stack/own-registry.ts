import { pollUntil, systemClock } from '../../core/clock.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { currentOwner, labels } from '../../stack/owner.ts';
import { followed, type Runtime } from '../../stack/runtime.ts';

/** Starts a registry of a drill's own, and gives its `host:port`. */
export async function ownRegistry(runtime: Runtime, drill: string): Promise<string> {
  const choice = imageChoice({ MUSTER_IMAGES: 'build' }, () => undefined);
  const made = await provideImages(runtime, new Map([['registry', null]]), choice);
  const registry = await runtime.container.create({
    Image: made.get('registry')!.reference,
    Labels: { [labels.drill]: drill, [labels.owner]: currentOwner() },
    ExposedPorts: { '5000/tcp': {} },
    HostConfig: { PortBindings: { '5000/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
  });
  await registry.start();
  const { Ports } = (await registry.inspect()).NetworkSettings;
  const host = `127.0.0.1:${Ports['5000/tcp']![0]!.HostPort}`;
  const answers = await pollUntil(systemClock, { everyMs: 100, deadlineMs: 20_000 }, () =>
    fetch(`http://${host}/v2/`).then(
      (response) => response.ok,
      () => false,
    ),
  );
  if (!answers) throw new Error(`the registry at ${host} does not answer`);
  return host;
}

/** Moves the image of that name to its registry, and gives its digest there; the engine has it no more. */
export async function pushed(runtime: Runtime, reference: string): Promise<string> {
  const docker = runtime.container.dockerode;
  let digest = '';
  await followed(
    docker,
    await docker.getImage(reference).push({ authconfig: { username: '', password: '' } }),
    (event) => (digest = event.aux?.Digest ?? digest),
  );
  await docker.getImage(reference).remove();
  return digest;
}
