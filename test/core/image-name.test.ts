import { describe, expect, test } from 'vitest';
import { isNamedSo, isTooOld, servedBy, type ServerImages } from '../../core/image-name.ts';

const redis: ServerImages = { product: 'Redis', names: ['redis', 'bitnami/redis'], oldest: [7, 2] };

describe('an image is known', () => {
  test.each([
    'redis',
    'redis:7.4-alpine',
    'redis@sha256:0',
    'library/redis:8',
    'docker.io/library/redis:8.0.2@sha256:0',
    'index.docker.io/bitnami/redis:7.4',
    'mirror.example:5000/library/redis:7',
    'mirror.example/hub/library/redis',
  ])('%s', (image) => expect(isNamedSo(image, redis)).toBe(true));

  test.each([
    'valkey/valkey:8',
    'team/redis:6.2',
    'registry.example:5000/redis:6.2',
    'localhost/redis:6.2',
    'ghcr.io/bitnami/redis:6.2',
    'redis-stack:6.2',
    '',
  ])('and another is not, whatever is in its tag: "%s"', (image) => {
    expect(isNamedSo(image, redis)).toBe(false);
    expect(isTooOld(image, redis)).toBe(false);
  });
});

describe('a server is too old', () => {
  test.each([
    'redis:6',
    'redis:6.2',
    'redis:6-alpine',
    'redis:7.0.15-bookworm',
    'bitnami/redis:v6.2.7-debian-11',
  ])('by its tag: %s', (image) => expect(isTooOld(image, redis)).toBe(true));

  test.each(['redis:7', 'redis:7.2', 'redis:7.4-alpine', 'redis:8', 'redis:10', 'redis:7-alpine'])(
    'and is not: %s',
    (image) => expect(isTooOld(image, redis)).toBe(false),
  );

  test.each(['redis', 'redis:latest', 'redis:alpine', 'redis:6x', 'redis@sha256:6'])(
    'and is not known to be: %s',
    (image) => expect(isTooOld(image, redis)).toBe(false),
  );
});

test('what a driver is for, in words', () => {
  expect(servedBy(redis)).toBe('Redis 7.2 or later');
  expect(servedBy({ product: 'PostgreSQL', names: [], oldest: [13, 0] })).toBe('PostgreSQL 13 or later');
});
