import { unknownName, type Source } from '../core/document.ts';
import { InputErrors, MusterError } from '../core/errors.ts';
import type { HostRules, StackDescription, StackProvider } from '../core/stack.ts';
import type { Strategy } from '../core/strategy.ts';
import type { PlannedComponent } from '../core/planned.ts';
import type { Problems } from './plan-input.ts';

interface Planning {
  stackFile: string;
  stack: StackDescription;
  strategy: Strategy;
  components: ReadonlyMap<string, PlannedComponent>;
}

/** The strategy's rules about the host, with what the drivers know of where data lies. */
export function hostRules(strategy: Strategy, components: ReadonlyMap<string, PlannedComponent>): HostRules {
  const dataFolders: Record<string, string[]> = {};
  for (const { service, driver } of components.values())
    (dataFolders[service] ??= []).push(...(driver.dataFolders ?? []));
  return { dataFolders, mounts: strategy.mounts, access: strategy.hostAccess };
}

/**
 * What the services would have of the host, and what they get instead; input errors for what could reach it
 * and is not allowed.
 */
export async function planMounts(
  source: Source,
  { stackFile, stack, strategy, components }: Planning,
  provider: StackProvider,
  problems: Problems,
): Promise<string[]> {
  const services = [...stack.services.keys()];
  for (const name of Object.keys(strategy.hostAccess)) {
    if (!services.includes(name))
      problems.add(unknownName(source, ['hostAccess', name], 'service', name, services, true));
  }
  try {
    const found = await provider.contain({
      file: stackFile,
      profiles: strategy.profiles,
      host: hostRules(strategy, components),
    });
    if (found === null)
      return [
        'what the services would have of the host is looked at when the stack is brought up: Compose cannot say yet',
      ];
    for (const key of found.unknown)
      problems.add(unknownName(source, ['mounts', key], 'mount of the compose file', key, found.names, true));
    return found.lines;
  } catch (error) {
    if (error instanceof InputErrors) for (const one of error.all) problems.add(one);
    else if (error instanceof MusterError && error.trouble === 'input') problems.add(error);
    else throw error;
    return [];
  }
}
