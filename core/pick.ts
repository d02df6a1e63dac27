import { z } from 'zod';
import { inPlainWords } from './expected.ts';

/**
 * An object that is known by which of the given keys it has; every other key belongs to that one's schema.
 */
export function pickByKey<Shapes extends Record<string, z.ZodType>>(what: string, shapes: Shapes) {
  const names = Object.keys(shapes);
  return z
    .record(z.string(), z.unknown())
    .transform((value, context): z.output<Shapes[keyof Shapes]> => {
      const keys = Object.keys(value);
      const found = keys.filter((key) => names.includes(key));
      if (found.length !== 1) {
        const message =
          found.length === 0 ? `names no ${what}` : `names more than one ${what}: ${found.join(', ')}`;
        context.issues.push({
          code: 'custom',
          message,
          input: value,
          path: keys[0] ? [keys[0]] : [],
          params: { onKey: true, found: keys[0] ?? '{}', among: names },
        });
        return z.NEVER;
      }
      const parsed = shapes[found[0]!]!.safeParse(value, { reportInput: true, error: inPlainWords });
      if (parsed.success) return parsed.data as z.output<Shapes[keyof Shapes]>;
      for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: issue.input } as never);
      return z.NEVER;
    })
    .meta({
      // Made when somebody asks for a JSON Schema: whoever reads a file does not.
      get anyOf() {
        return Object.values(shapes).map((shape) => jsonSchemaOf(shape));
      },
    });
}

export const jsonSchemaOf = (schema: z.ZodType): Record<string, unknown> => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  });
  return rest;
};
