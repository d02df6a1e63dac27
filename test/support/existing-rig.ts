import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import type { CheckOutcome } from '../../core/check-outcome.ts';
import { messageOf } from '../../core/errors.ts';
import type { Decryption, ExistingRestorer, RestoredExisting } from '../../core/existing.ts';
import { existingSchema } from '../../core/existing-plan.ts';
import type { Service } from '../../core/service.ts';
import { existingReader } from '../../stores/existing/reader.ts';
import { scratch } from './scratch.ts';

export const declaredAs = (given: Record<string, unknown> = {}) =>
  existingSchema.parse({ from: 'here', ...given });

export type Came =
  | { is: 'restored'; restored: RestoredExisting; usable: CheckOutcome; layers: readonly string[] }
  | { is: 'other' | 'refused'; why: string };

/** What becomes of one backup that is a file of these bytes, as a restore test goes about it. */
export async function cameOf(
  restorer: ExistingRestorer,
  bytes: Uint8Array,
  given: Record<string, unknown> = {},
  decryption: Decryption | null = null,
): Promise<Came> {
  const file = join(mkdtempSync(join(scratch, 'existing-')), 'backup');
  writeFileSync(file, bytes);
  const { signal } = new AbortController();
  const declared = declaredAs(given);
  const [candidate] = (await existingReader.list(file)).found;
  try {
    const opened = await existingReader.open(candidate!, decryption, signal);
    const recognised = restorer.recognise(opened.head, declared);
    if (recognised.is !== 'ours') {
      opened.close();
      return { is: recognised.is === 'other' ? 'other' : 'refused', why: recognised.why };
    }
    await restorer.empty(declared);
    const context = { signal, progress: () => undefined, declared };
    const restored = await restorer.restore(opened.content, recognised, context);
    opened.read();
    return { is: 'restored', restored, usable: await restorer.usable(), layers: opened.layers };
  } catch (error) {
    return { is: 'refused', why: messageOf(error) };
  }
}

/** The data folder as a backup container packs it while the server is stopped, which then runs again. */
export async function packedFolder(service: Service, folder: string): Promise<Buffer> {
  await service.stop();
  const helper = await service.helper({ network: 'none', volumes: true });
  try {
    const { code, stdout, stderr } = await helper.exec([
      ...['sh', '-c', 'tar -C "$(dirname "$1")" -czf - "$(basename "$1")" | base64', 'pack', folder],
    ]);
    if (code !== 0) throw new Error(stderr);
    return Buffer.from(stdout, 'base64');
  } finally {
    await helper.remove();
    await service.start();
    await service.waitHealthy(60_000);
  }
}

/** An archive of these files. */
export async function tarOf(files: Record<string, string>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of tar) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
