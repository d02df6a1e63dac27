import { expect, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { isTooOld } from '../../core/image-name.ts';
import { plan, refusal } from './plan-files.ts';

const withImage = (image: string, more = '') => ({
  compose: (text: string) => text.replace('image: redis,', `image: ${JSON.stringify(image)},${more}`),
});

test.each([
  ['redis:6.2', 'store is too old for driver redis', 'image redis:6.2', ''],
  [
    'docker.io/library/redis:7.0-alpine',
    'store is too old for driver redis',
    'image docker.io/library/redis:7.0-alpine',
    '',
  ],
  ['valkey/valkey:8', 'store is no server of driver redis', 'image valkey/valkey:8', 'driver: valkey'],
  ['mariadb:11.4', 'store is no server of driver redis', 'image mariadb:11.4', 'driver: mariadb'],
])('a component of image %s is refused by its name', async (image, message, found, hint) => {
  expect(await refusal(withImage(image))).toBe(
    `strategy.yaml:5:13 ${message} | ${found} | Redis 7.2 or later | ${hint}`,
  );
});

test.each([
  ['the oldest that there is a driver for', withImage('redis:7.2')],
  ['one whose tag says no version', withImage('redis:alpine')],
  ["somebody's own, by the same name", withImage('registry.example/team/redis:6.2')],
  ['one that nobody knows', withImage('team/cache:1')],
  ['one that is built, and then called so', withImage('redis:6.2', ' build: { context: . },')],
])('%s is not', async (_, change) => {
  expect([...(await plan(change)).components.keys()]).toEqual(['store', 'base']);
});

test.each([
  ['mysql', 'mysql:5.7'],
  ['mariadb', 'mariadb:10.5'],
  ['postgres', 'postgres:12-alpine'],
  ['redis', 'redis:6.2'],
  ['valkey', 'valkey/valkey:7.1'],
])('driver %s is not for %s', (name, image) =>
  expect(isTooOld(image, registries.drivers[name]!.images!)).toBe(true),
);

test('no image is known as that of two drivers', () => {
  const names = Object.values(registries.drivers).flatMap(({ images }) => images?.names ?? []);
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
});
