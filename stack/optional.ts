import type { HostRules } from '../core/stack.ts';
import type { ComposeConfig } from './compose.ts';

interface Declared {
  restart?: string;
  depends_on?: Record<string, { required?: boolean } | null>;
}

/**
 * Whether a stack is up without a service that has ended by itself, and not well: its restart policy leaves
 * it alone, no service requires it, and Muster reaches nothing by it.
 */
export function isOptional(
  name: string,
  { services }: ComposeConfig,
  { dataFolders, ways = {} }: Pick<HostRules, 'dataFolders' | 'ways'>,
): boolean {
  const declared = services as Record<string, Declared>;
  const { restart = 'no' } = declared[name] ?? {};
  if (restart !== 'no' || name in dataFolders || name in ways) return false;
  return Object.values(declared).every(({ depends_on: on }) => {
    const asked = on?.[name];
    return asked === undefined || asked?.required === false;
  });
}
