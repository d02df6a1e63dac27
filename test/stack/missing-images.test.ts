import { expect, test } from 'vitest';
import { recipeOf } from '../../stack/missing-images.ts';

test.each([
  ['redis:8.0.2', 'redis'],
  ['redis', 'redis'],
  ['docker.io/library/mysql:8.4', 'mysql'],
  ['docker.io/redis@sha256:00', 'redis'],
  ['ghcr.io/shopify/toxiproxy:2.12.0', 'toxiproxy'],
  ['bitnami/redis:8', null],
  ['registry.example/redis:8', null],
  ['postgres:17', null],
])('an equivalent of %s: %s', (reference, recipe) => {
  expect(recipeOf(reference, ['redis', 'mysql', 'toxiproxy'])).toBe(recipe);
});
