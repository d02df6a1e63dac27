import type { ZodType } from 'zod';
import { inputError } from '../core/errors.ts';
import type { Json } from '../core/timeline.ts';

/**
 * What an action was given by `with:`, read by its schema. Input error naming each parameter that does not
 * fit.
 */
export function actionParams<Params>(
  action: string,
  schema: ZodType<Params>,
  given: Record<string, Json>,
): Params {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw inputError(`${action} cannot be done with these parameters`, {
    found: JSON.stringify(given),
    expected: problems.join('; '),
  });
}
