import type { Source } from '../core/document.ts';
import { inputError, MusterError } from '../core/errors.ts';
import type { PlannedComponent } from '../core/planned.ts';
import type { Problems } from './plan-input.ts';

/**
 * Completes the configuration of each component by the files that it names, from the strategy's folder. Gives
 * notes for who reads the plan.
 */
export async function completeConfigs(
  source: Source,
  folder: string,
  components: Map<string, PlannedComponent>,
  problems: Problems,
): Promise<string[]> {
  const notes: string[] = [];
  for (const component of [...components.values()]) {
    const { name, driver, config } = component;
    if (!driver.complete || config === undefined) continue;
    try {
      const completed = await driver.complete(config, folder);
      components.set(name, { ...component, config: completed.config });
      notes.push(...completed.notes.map((note) => `${name}: ${note}`));
    } catch (error) {
      if (!(error instanceof MusterError) || error.trouble !== 'input') throw error;
      const { message, found, expected, hint, cause } = error;
      const at = source.place(['components', name, 'config'], true);
      problems.add(inputError(message, { at, found, expected, hint, cause }));
    }
  }
  return notes;
}
