import { currentOwner, labels } from '../../stack/owner.ts';
import { getRuntime, type Container } from '../../stack/runtime.ts';

const bytes = 16 * 1024 ** 2;

/**
 * A container of that image, which has `tail`: the kernel's OOM killer ends it a second after it began.
 * `meanwhile` is called once it runs. It is removed.
 */
export async function killedByOom(
  image: string,
  meanwhile: (container: Container) => Promise<void> = async () => undefined,
): Promise<void> {
  const docker = (await getRuntime()).container.dockerode;
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ['sh', '-c', 'sleep 1; exec tail /dev/zero'],
    Cmd: [],
    Healthcheck: { Test: ['NONE'] },
    HostConfig: { Memory: bytes, MemorySwap: bytes, NetworkMode: 'none' },
    Labels: { [labels.drill]: `out-of-memory-${process.pid}`, [labels.owner]: currentOwner() },
  });
  try {
    await container.start();
    await meanwhile(container);
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    if (StatusCode !== 137) throw new Error(`it ended with code ${StatusCode}, and not by SIGKILL`);
  } finally {
    await container.remove({ force: true, v: true });
  }
}
