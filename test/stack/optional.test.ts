import { expect, it } from 'vitest';
import type { ComposeConfig } from '../../stack/compose.ts';
import { isOptional } from '../../stack/optional.ts';

const nobody = { dataFolders: {}, ways: {} };
const config = {
  services: {
    lists: {},
    again: { restart: 'always' },
    migrate: {},
    app: {
      depends_on: {
        migrate: { condition: 'service_completed_successfully', required: true },
        extra: { condition: 'service_started', required: false },
      },
    },
    extra: {},
  },
} as unknown as ComposeConfig;

it.each([
  ['what nothing names', 'lists', nobody, true],
  ['what is asked for where it is there', 'extra', nobody, true],
  ['what another one requires', 'migrate', nobody, false],
  ['what the engine starts again', 'again', nobody, false],
  ['what is a component', 'lists', { ...nobody, dataFolders: { lists: [] } }, false],
  ['what Muster reaches something by', 'lists', { ...nobody, ways: { lists: [80] } }, false],
] as const)('%s', (_, name, rules, optional) => {
  expect(isOptional(name, config, rules)).toBe(optional);
});
