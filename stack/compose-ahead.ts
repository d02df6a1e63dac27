import { parseSource } from '../core/document.ts';
import type { StackDescription } from '../core/stack.ts';
import {
  describeComposeFile,
  descriptionOf,
  isRecord,
  readText,
  type DeclaredProject,
} from './compose-file.ts';
import { configAhead } from './plan-containment.ts';

/**
 * What a compose file declares, as Compose merges, includes, extends and interpolates it. Without Compose as
 * it stands in the file alone; and so, without asking, where Compose could add nothing to that. `overrides`:
 * compose files that go over it.
 */
export async function describeAhead(
  file: string,
  overrides: readonly string[] = [],
): Promise<StackDescription> {
  const { data } = parseSource(file, await readText(file));
  for (const one of overrides) parseSource(one, await readText(one));
  if (overrides.length === 0 && !isForCompose(data)) return describeComposeFile(file);
  const read = await configAhead({ file, overrides, profiles: ['*'] });
  return read === null
    ? describeComposeFile(file)
    : descriptionOf(file, read.config as unknown as DeclaredProject);
}

/** All of a service that a plan reads. */
const planned = new Set(
  'ports expose volumes restart deploy labels profiles depends_on network_mode pid ipc links volumes_from'.split(
    ' ',
  ),
);

/** Other files, or variables in what a plan reads. */
function isForCompose(root: unknown): boolean {
  if (!isRecord(root)) return false;
  const { services, volumes, include } = root;
  const declared = isRecord(services) ? Object.values(services).filter(isRecord) : [];
  const read = declared.map((service) => Object.entries(service).filter(([name]) => planned.has(name)));
  return (
    include !== undefined ||
    declared.some((service) => 'extends' in service) ||
    JSON.stringify([read, volumes]).includes('$')
  );
}
