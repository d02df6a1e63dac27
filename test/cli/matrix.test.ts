import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { matrixOf, matrixPage, paramsOf } from '../../cli/matrix.ts';
import { registries } from '../../cli/registries.ts';
import type { AnyFault } from '../../core/fault.ts';
import { everyFault } from '../../core/registries.ts';
import { jsonOf, muster } from '../support/muster.ts';

const page = join(import.meta.dirname, '../../docs/matrix.md');

describe('the matrix of what can be broken which way', () => {
  test('in the documentation is that of the registries; `npm run docs` makes it anew', async () => {
    expect(readFileSync(page, 'utf8')).toBe(matrixPage(registries));
    expect((await muster(['list', 'matrix'])).stdout).toBe(matrixPage(registries));
  });

  test('has every fault, once', () => {
    const { components, stores, regions } = matrixOf(registries);
    expect([...components, ...stores, ...regions].map(({ fault }) => fault).sort()).toEqual(
      Object.keys(everyFault(registries)).sort(),
    );
    for (const { takers } of components) expect(Object.keys(takers)).toEqual(Object.keys(registries.drivers));
    for (const { takers } of stores) expect(Object.keys(takers)).toEqual(Object.keys(registries.stores));
  });

  test('says what stands in the way, and changes with the registries', () => {
    const takersOf = (fault: string, from = registries): Record<string, string | null> =>
      [...matrixOf(from).components, ...matrixOf(from).stores].find((row) => row.fault === fault)!.takers;
    expect(takersOf('flush-all')).toMatchObject({ redis: null, mysql: 'knows no such fault' });
    expect(takersOf('store-unreachable')).toEqual({ directory: 'lives in no service', s3: null });
    const { redis } = registries.drivers;
    const poorer = {
      ...registries,
      drivers: {
        ...registries.drivers,
        redis: { ...redis!, faults: {} },
      },
    };
    expect(takersOf('flush-all', poorer)).toMatchObject({ redis: 'knows no such fault' });
    expect(matrixPage(poorer)).not.toBe(matrixPage(registries));
    expect(
      matrixOf(registries)
        .components.find(({ fault }) => fault === 'disk-full')!
        .provided.join(),
    ).toMatch(/disk of the host/);
  });

  test('is JSON where JSON was asked for', async () => {
    expect(jsonOf(await muster(['list', 'matrix', '--json']))).toEqual({
      schema: 'muster/list/v1',
      matrix: JSON.parse(JSON.stringify(matrixOf(registries))),
    });
  });
});

describe('muster list faults documents itself', () => {
  test.each(Object.entries<AnyFault>(everyFault(registries)))(
    '%s: every parameter with what it means',
    (_, fault) => {
      const lines = paramsOf(fault);
      const { properties = {} } = z.toJSONSchema(fault.params, { io: 'input', unrepresentable: 'any' }) as {
        properties?: object;
      };
      expect(lines).toHaveLength(Object.keys(properties).length);
      for (const line of lines)
        expect(line).toMatch(/^param \w+ \(.*(needed|default \S+|may be left out)\): \S.{8,}/);
    },
  );

  test('with defaults as one writes them, and choices', () => {
    expect(paramsOf(everyFault(registries)['latency']!)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^param delay \(default 2s\): /),
        expect.stringMatching(/^param proxy \(needed\): /),
        expect.stringMatching(/^param stream \(upstream \| downstream; default downstream\): /),
      ]),
    );
  });
});
