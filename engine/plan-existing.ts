import type { Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import { objectKinds } from '../core/existing-plan.ts';
import type { PlannedComponent } from '../core/planned.ts';
import type { Problems } from './plan-input.ts';

/** Whether backups that exist already can be restored by the driver, and hold what is expected of them. */
export function checkExisting(
  source: Source,
  components: ReadonlyMap<string, PlannedComponent>,
  problems: Problems,
): void {
  for (const { name, driver, declared } of components.values()) {
    if (!declared.existing) continue;
    const at = ['components', name, 'existing'];
    if (!driver.existing) {
      const able = `a driver that restores backups of other tools; ${declared.driver} does not`;
      problems.add(
        inputError(`${name} cannot be restored from backups that exist already`, {
          at: source.place(at, true),
          found: `driver ${declared.driver}`,
          expected: able,
        }),
      );
      continue;
    }
    const { holds } = driver.existing;
    for (const kind of objectKinds)
      if (declared.existing.expect[kind] && !holds.includes(kind))
        problems.add(
          inputError(`a server of ${declared.driver} has no ${kind}`, {
            at: source.place([...at, 'expect', kind], true),
            found: kind,
            expected: holds.length > 0 ? `one of ${holds.join(', ')}` : 'rows, newest',
          }),
        );
  }
}
