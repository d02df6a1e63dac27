import type { z } from 'zod';
import { nearest } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import { resultSchema } from '../core/result.ts';
import { jsonSchemaOf } from '../core/pick.ts';
import { pointSchema } from '../core/recovery-point.ts';
import { schemasOf } from '../engine/plan-input.ts';
import { registries } from './registries.ts';

const titles = {
  scenario: 'A Muster scenario: one drill',
  strategy: 'A Muster strategy: what was promised about recovery',
  result: 'A Muster result',
  'recovery-point': 'A recovery point, as every store holds it',
};

/** The published JSON Schemas, made from the same definitions that read the files. */
export function schemaOf(which: keyof typeof titles): object {
  const schemas: Record<keyof typeof titles, z.ZodType> = {
    ...schemasOf(registries),
    result: resultSchema,
    'recovery-point': pointSchema,
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: titles[which],
    ...jsonSchemaOf(schemas[which]),
  };
}

/** `muster schema`: prints one of them. */
export async function schema(which: string): Promise<number> {
  if (!Object.hasOwn(titles, which)) {
    const near = nearest(which, Object.keys(titles));
    throw inputError(`there is no schema "${which}"`, {
      found: which,
      expected: `one of ${Object.keys(titles).join(', ')}`,
      hint: near ? `did you mean "${near}"?` : undefined,
    });
  }
  process.stdout.write(`${JSON.stringify(schemaOf(which as keyof typeof titles), null, 2)}\n`);
  return 0;
}
