import { inputError } from '../core/errors.ts';
import { able, component, type Context } from './plan-context.ts';

/** Each sustained load has a target whose driver can make it. */
export function checkSustained(context: Context): void {
  for (const [name, sustained] of Object.entries(context.scenario.sustained)) {
    const target = component(context, sustained.target, ['sustained', name, 'target']);
    if (!target) continue;
    const { sustained: entry } = target.driver;
    const lacks = entry?.lacks(target.config, sustained) ?? null;
    if (entry && lacks === null) continue;
    context.problems.add(
      inputError(`${sustained.target} cannot have sustained load: ${lacks ?? 'its driver makes none'}`, {
        at: context.source.place(['sustained', name, lacks && sustained.requests ? 'requests' : 'target']),
        found: sustained.target,
        expected: `a component whose driver makes it: ${able(context, ({ driver }) => driver.sustained !== undefined)}`,
      }),
    );
  }
}
