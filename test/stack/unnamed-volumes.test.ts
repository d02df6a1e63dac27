import { describe, expect, test } from 'vitest';
import { handedOnTo, unnamedVolumesOf } from '../../stack/unnamed-volumes.ts';

const [first, second] = ['a'.repeat(64), 'b'.repeat(64)] as [string, string];
const service = { 'muster.drill': 'd1', 'com.docker.compose.service': 'db' };

type Found = Parameters<typeof handedOnTo>[0];

/** A container on both volumes and on one of a name, of which it was given these by name. */
const on = (given: { mounts?: string[]; binds?: string[] }, labels: Record<string, string>): Found =>
  ({
    Config: { Labels: labels },
    HostConfig: {
      Mounts: given.mounts?.map((Source) => ({ Type: 'volume', Source, Target: '/data' })),
      Binds: given.binds?.map((name) => `${name}:/data:rw`),
    },
    Mounts: [first, second, 'muster-d1_data'].map((Name) => ({ Type: 'volume', Name })),
  }) as unknown as Found;

describe('volumes without a name', () => {
  test.each([
    ['as a mount', { mounts: [first, 'muster-d1_data'] }],
    ['as a bind', { binds: [first, 'muster-d1_data'] }],
  ])('that a service was given %s were handed on, and the others are its own', (_, given) => {
    const found = on(given, { ...service, 'com.docker.compose.oneoff': 'False' });
    expect(handedOnTo(found)).toEqual([first]);
    expect(unnamedVolumesOf(found)).toEqual([second]);
  });

  test.each([
    ['a single run, which anybody may give one', { ...service, 'com.docker.compose.oneoff': 'True' }],
    ['no service', { 'muster.drill': 'd1' }],
    ['of no drill', { 'com.docker.compose.service': 'db' }],
    ['without labels', {}],
  ])('that a container was given that is %s are not', (_, labels) => {
    expect(handedOnTo(on({ mounts: [first] }, labels))).toEqual([]);
  });

  test('that nothing was given are none that was handed on', () => {
    expect(handedOnTo(on({}, service))).toEqual([]);
    expect(unnamedVolumesOf(on({}, service))).toEqual([first, second]);
  });
});
