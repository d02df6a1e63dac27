import { inputError } from '../../core/errors.ts';
import type { DeclaredService } from '../../core/declared-service.ts';
import type { ComponentFault } from '../../core/fault.ts';
import { faultFor, type Registries } from '../../core/registries.ts';
import type { FaultPlan } from '../../core/scenario.ts';
import { able, type Context, type Path } from '../plan-context.ts';

/**
 * The fault, where a container that is declared like this can suffer it. Else null, and why not is among the
 * problems. `fault` is a reason where there is none, of which `who` is the subject.
 */
export function sufferedBy<Fault extends ComponentFault>(
  context: Context,
  { fault, who, declared }: { fault: Fault | string; who: string; declared: DeclaredService | null },
  { name, target }: FaultPlan,
  registries: Registries,
  path: Path,
): Fault | null {
  const why =
    typeof fault === 'string' ? `${who} ${fault}` : ((declared && fault.refuses?.(declared)) ?? null);
  if (typeof fault !== 'string' && why === null) return fault;
  const can = able(context, (one) => typeof faultFor(one.driver, name, registries) !== 'string');
  context.problems.add(
    inputError(`${target} cannot suffer ${name}: ${why}`, {
      at: context.source.place([...path, name]),
      found: target,
      ...(typeof fault === 'string' ? { expected: `one of ${can}` } : {}),
    }),
  );
  return null;
}
