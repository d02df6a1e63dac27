import type { Service } from '../../core/service.ts';

/**
 * Makes the service begin anew on an empty volume, whatever state it is in: what damage that only a restore
 * mends is mended with here.
 */
export async function emptyVolume(service: Service, deadlineMs = 60_000): Promise<void> {
  await service.stop(0);
  const helper = await service.helper({ network: 'none', volumes: true });
  try {
    const folders = service.mounts.map(({ path }) => path);
    const { code, stderr } = await helper.exec(['find', ...folders, '-mindepth', '1', '-delete']);
    if (code !== 0) throw new Error(stderr);
  } finally {
    await helper.remove();
  }
  await service.start();
  await service.waitHealthy(deadlineMs);
}
