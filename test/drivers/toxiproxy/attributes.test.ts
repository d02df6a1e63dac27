import { expect, test } from 'vitest';

import { attributesOf } from '../../../drivers/toxiproxy/attributes.ts';
import type { ToxicSpec } from '../../../drivers/toxiproxy/route-fault.ts';

const spec = (
  type: ToxicSpec['type'],
  attributes: Record<string, number>,
  stream: ToxicSpec['stream'] = 'downstream',
): ToxicSpec => ({ proxy: 'redis', type, stream, attributes });

test.each<[ToxicSpec, Record<string, number>]>([
  [spec('latency', { latency: 5 }), { latency: 5, jitter: 0 }],
  [spec('latency', { latency: 5, jitter: 5 }), { latency: 5, jitter: 5 }],
  [spec('bandwidth', { rate: 1 }), { rate: 1 }],
  [spec('timeout', { timeout: 0 }), { timeout: 0 }],
  [
    spec('slicer', { average_size: 10, size_variation: 9, delay: 1 }),
    { average_size: 10, size_variation: 9, delay: 1 },
  ],
  [spec('limit_data', { bytes: 1 }), { bytes: 1 }],
  [spec('reset_peer', { timeout: 0 }), { timeout: 0 }],
])('%j is sent', (given, sent) => expect(attributesOf(given)).toEqual(sent));

test.each<[string, ToxicSpec]>([
  ['slices of nothing recurse for ever', spec('slicer', { average_size: 0, delay: 1 })],
  ['so do those of no size at all', spec('slicer', {})],
  ['a variation as large as the size', spec('slicer', { average_size: 10, size_variation: 10, delay: 1 })],
  ['slices without a pause cannot be seen', spec('slicer', { average_size: 10, delay: 0 })],
  ['a negative rate makes the server panic', spec('bandwidth', { rate: -1 })],
  ['a rate of zero loops', spec('bandwidth', { rate: 0 })],
  ['a rate of half a kilobyte', spec('bandwidth', { rate: 0.5 })],
  ['a jitter beyond the latency', spec('latency', { latency: 5, jitter: 6 })],
  ['no latency', spec('latency', { latency: 0 })],
  ['an attribute that the server would ignore', spec('latency', { latency: 5, delay: 7 })],
  ['a timeout that looks like a dead server', spec('timeout', { timeout: 50 })],
  ['a limit of nothing', spec('limit_data', { bytes: 0 })],
  ['a reset that no client sees', spec('reset_peer', { timeout: 0 }, 'upstream')],
])('refused: %s', (_, given) =>
  expect(() => attributesOf(given)).toThrow(
    expect.objectContaining({ trouble: 'input', found: expect.any(String) }),
  ),
);
