import { describe, expect, test } from 'vitest';
import type { ComposeConfig } from '../../stack/compose.ts';
import { neededOf, needsOf } from '../../stack/needed.ts';

const config = {
  services: {
    db: {},
    cache: {},
    app: { depends_on: { db: { condition: 'service_healthy' } } },
    side: { network_mode: 'service:app' },
    other: { depends_on: ['cache'] },
  },
} as unknown as ComposeConfig;
const started = (named: string[]): string[] => Object.keys(neededOf(config, named).services);

describe('the services that a strategy names', () => {
  test('are started with what they need, in any depth', () => {
    expect(started(['side'])).toEqual(['db', 'app', 'side']);
    expect(started(['other'])).toEqual(['cache', 'other']);
  });
  test('none is all', () => expect(started([])).toEqual(['db', 'cache', 'app', 'side', 'other']));
  test('one that is not there is refused', () => expect(() => started(['ap'])).toThrow('no service ap'));
  test('links and mounts of others count', () => {
    expect(
      needsOf({ links: ['db:database'], volumes_from: ['data:ro'], pid: 'service:app', ipc: 'host' }),
    ).toEqual(['app', 'db', 'data']);
  });
});
