import { describe, expect, test } from 'vitest';
import { isFor } from '../../stack/image-platform.ts';

/** As the engine describes an image. */
const image = (platform: string): { Os: string; Architecture: string; Variant?: string } => {
  const [Os = '', Architecture = '', Variant] = platform.split('/');
  return { Os, Architecture, ...(Variant === undefined ? {} : { Variant }) };
};
const own = process.arch === 'x64' ? 'amd64' : process.arch;

// The aliases of github.com/containerd/platforms, by which Compose and the engine compare.
describe('an image is for a platform, however that is written', () => {
  test.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/x86-64', 'linux/amd64'],
    ['Linux/AMD64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['amd64', 'linux/amd64'],
    ['x86_64', 'linux/amd64'],
    ['linux/aarch64', 'linux/arm64/v8'],
    ['linux/arm64', 'linux/arm64/v8'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/8', 'linux/arm64'],
    ['aarch64', 'linux/arm64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/7', 'linux/arm/v7'],
    ['linux/armhf', 'linux/arm/v7'],
    ['armel', 'linux/arm/v6'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/i386', 'linux/386'],
    ['windows(10.0.17763)/amd64', 'windows/amd64'],
    ['linux', `linux/${own}`],
  ])('%s: %s', (platform, found) => expect(isFor(image(found), platform)).toBe(true));

  test.each([undefined, ''])('%j asks for none', (platform) =>
    expect(isFor(image('linux/s390x'), platform)).toBe(true),
  );
});

test.each([
  ['linux/arm64', 'linux/amd64'],
  ['linux/x86_64', 'linux/386'],
  ['linux/arm/v6', 'linux/arm/v7'],
  ['armel', 'linux/arm/v7'],
  ['linux/amd64/v3', 'linux/amd64'],
  ['windows', 'linux/amd64'],
  ['linux', 'windows/amd64'],
  ['nonsense', 'linux/amd64'],
])('%s is not %s', (platform, found) => expect(isFor(image(found), platform)).toBe(false));
