import { join } from 'node:path';
import { expect, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { planDrill } from '../../engine/plan.ts';
import { provider } from './plan-files.ts';

const planOf = (file: string) =>
  planDrill(join(import.meta.dirname, '../../fixtures/field-cases', file), registries, provider);

test('F18: a volume that no backup holds is named', async () => {
  const { notes } = await planOf('F18.yaml');
  expect(notes).toContain(
    'volume keys of vault is in no backup of this strategy: a disaster takes it for good',
  );
  expect(notes.join('\n')).not.toContain('volume data');
});

test('F31: a folder is the project that Compose sees there, by its .env, include and extends', async () => {
  const { stackFile, stackOverrides, components, notes } = await planOf('F31/drill.yaml');
  expect([stackFile!, ...stackOverrides].map((one) => one.split('/').at(-1))).toEqual(['base.yml', 'db.yml']);
  expect([...components.keys()]).toEqual(['mysql', 'redis']);
  expect(notes.join('\n')).toContain('volume cache of redis');
});
