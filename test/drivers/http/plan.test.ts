import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { registries } from '../../../cli/registries.ts';
import { InputErrors, type MusterError } from '../../../core/errors.ts';
import { planDrill } from '../../../engine/plan.ts';
import { noStacks } from '../../support/memory-drill.ts';
import { scratch } from '../../support/scratch.ts';

const good = `strategy: shop
stack: none
components:
  shop:
    driver: http
    objectives: { rto: 1m, rpo: 5m }
    config:
      ready: /health
      probes:
        front: { get: /, expect: { json: { $.status: up } } }
      journeys:
        order:
          write:
            post: /orders
            json: { ref: "{{id}}", note: "{{value}}" }
            capture: { order: $.id }
          read: { get: "/orders/{{order}}", value: $.note }
          list: { get: "/orders?after={{cursor}}", each: "$.items[*]", id: $.ref, next: $.next }
          remove: { delete: "/orders/{{order}}" }
`;
const scenario = `scenario: shop-away
strategy: ./strategy.yaml
title: The shop is away
load: { orders: { target: shop, rate: 20/s } }
fault: { crash: shop, at: +4s }
recover: automatic
check: [ledger]
`;

async function saidOf(strategy: string, drill = scenario): Promise<string[]> {
  const folder = mkdtempSync(join(scratch, 'http-plan-'));
  writeFileSync(join(folder, 'strategy.yaml'), strategy);
  writeFileSync(join(folder, 'drill.yaml'), drill);
  const said = await planDrill(join(folder, 'drill.yaml'), registries, noStacks).then(
    () => [],
    (error: unknown) => (error instanceof InputErrors ? error.all : [error as MusterError]),
  );
  return said.map(
    ({ at, message, expected, hint }) =>
      `${at?.file.split('/').at(-1)}:${at?.line} ${message}${expected ? ` | ${expected}` : ''}${hint ? ` | ${hint}` : ''}`,
  );
}
const changed = (from: string | RegExp, to: string): string => {
  const text = good.replace(from, to);
  if (text === good) throw new Error(`there is no ${String(from)}`);
  return text;
};

test('a service with journeys and probes is planned, and one with probes alone', async () => {
  expect(await saidOf(good)).toEqual([]);
  const probes = scenario.replace('rate: 20/s', 'rate: 20/s, by: probes').replace('[ledger]', '[probes]');
  expect(await saidOf(good, probes)).toEqual([]);
  expect(await saidOf(changed(/ {6}journeys:[\s\S]*/, ''), probes)).toEqual([]);
});

test('sustained load asks probes that are there', async () => {
  const under = (more = '') => `${scenario}sustained: { crowd: { target: shop, rate: 100/s${more} } }\n`;
  expect(await saidOf(good, under())).toEqual([]);
  expect(await saidOf(good, under(', requests: [front]'))).toEqual([]);
  expect(await saidOf(good, under(', requests: [back]'))).toEqual([
    expect.stringMatching(
      /^drill\.yaml:8 shop cannot have sustained load: back is no probe of it that is one request; there is front/,
    ),
  ]);
  expect(await saidOf(changed(/ {6}probes:[\s\S]*? {6}journeys:/, '      journeys:'), under())).toEqual([
    expect.stringMatching(/^drill\.yaml:8 shop cannot have sustained load: it has no probe/),
  ]);
  expect(await saidOf(good, under().replace('100/s', '30/m'))).toEqual([
    expect.stringMatching(/^drill\.yaml:8 .*at least 1\/s/),
  ]);
});

describe('refused where it stands', () => {
  test.each([
    [
      'a capture that nothing captures',
      '/orders/{{order}}", value',
      '/orders/{{ordr}}", value',
      /^strategy\.yaml:17 nothing gives \{\{ordr\}\} a value here .*did you mean "order"\?/,
    ],
    [
      'a value in a read',
      'get: "/orders/{{order}}"',
      'get: "/orders/{{order}}/{{value}}"',
      /^strategy\.yaml:17 nothing gives \{\{value\}\}/,
    ],
    [
      'a template that is not closed',
      '/orders/{{order}}", value',
      '/orders/{{order", value',
      /^strategy\.yaml:17 .*a template such as \{\{name\}\}/,
    ],
    [
      'a filter that is none',
      '{{order}}", value',
      '{{order:row}}", value',
      /^strategy\.yaml:17 .*\{\{name:raw\}\}/,
    ],
    ['a JSON path that is none', 'value: $.note', 'value: note', /^strategy\.yaml:17 .*JSON path/],
    ['a journey that is never read', / {10}read:.*\n/, '', /^strategy\.yaml:13 "read" is missing/],
    [
      'a read that is the same whatever was written',
      '"/orders/{{order}}", value',
      '/orders, value',
      /^strategy\.yaml:17 .*\{\{id\}\} or a capture of/,
    ],
    [
      'a removal that is',
      'delete: "/orders/{{order}}"',
      'delete: /orders',
      /^strategy\.yaml:19 .*\{\{id\}\} or a capture of/,
    ],
    [
      'a value that is read and never written',
      ', note: "{{value}}"',
      '',
      /^strategy\.yaml:17 .*a \{\{value\}\} in `write`/,
    ],
    ['a list of what bears no id', 'ref: "{{id}}", ', '', /^strategy\.yaml:18 .*a \{\{id\}\} in `write`/],
    ['pages whose cursor nobody captures', ', next: $.next', '', /^strategy\.yaml:18 .*`next`/],
    [
      'a cursor that no request uses',
      '/orders?after={{cursor}}',
      '/orders',
      /^strategy\.yaml:18 .*\{\{cursor\}\}/,
    ],
    [
      'two methods',
      'post: /orders',
      'post: /orders\n            put: /orders',
      /^strategy\.yaml:1[34] .*exactly one of/,
    ],
    ['no method', 'delete: "/orders/{{order}}"', 'fails: [409]', /^strategy\.yaml:19 .*exactly one of/],
    [
      'two bodies',
      'json: { ref',
      'text: x\n            json: { ref',
      /^strategy\.yaml:1[34] .*at most one of/,
    ],
    ['a path that begins with no slash', 'post: /orders', 'post: orders', /^strategy\.yaml:14 .*begins with/],
    [
      'a key that is none',
      'capture: {',
      'captures: {',
      /^strategy\.yaml:16 .*captures.*did you mean "capture"\?/,
    ],
    [
      'a capture by a name that has a meaning',
      'capture: { order:',
      'capture: { id: $.id, order:',
      /^strategy\.yaml:16 /,
    ],
    [
      'a status that is none',
      'capture: {',
      'expect: { status: 2010 }\n            capture: {',
      /^strategy\.yaml:16 .*status/,
    ],
    [
      'a pattern that is none',
      '$.status: up',
      '$.status: { pattern: "(" }',
      /^strategy\.yaml:10 .*regular expression/,
    ],
    [
      'a rewrite that writes no value',
      /( {10})read:/,
      '$1rewrite: { put: "/orders/{{order}}" }\n$1read:',
      /^strategy\.yaml:17 .*\{\{value\}\}/,
    ],
    [
      'a sample outside the probes',
      'json: { ref: "{{id}}"',
      'json: { ref: "{{id}}", sample: "{{sample}}"',
      /^strategy\.yaml:15 nothing gives \{\{sample\}\} a value here/,
    ],
    [
      'a division by nothing',
      'ref: "{{id}}"',
      'ref: "{{id mod 0}}"',
      /^strategy\.yaml:15 .*from 1 to 1000000 after `times` and `mod`/,
    ],
    [
      'a probe that asks for what a later step captures',
      'front: { get: /, expect: { json: { $.status: up } } }',
      'front: [{ get: "/{{access}}" }, { get: /, capture: { access: $.access } }]',
      /^strategy\.yaml:10 nothing gives \{\{access\}\} a value here/,
    ],
    ['no word of what is ready', / {6}ready:.*\n/, '', /^strategy\.yaml:8 "ready" is missing/],
  ])('%s', async (_, from, to, expected) => {
    expect((await saidOf(changed(from, to)))[0]).toMatch(expected);
  });

  test('journeys that differ in whether what was removed may be back', async () => {
    const second = good
      .slice(good.indexOf('        order:'))
      .replace('order:', 'other:')
      .replace('write:', 'neverReturn: true\n          write:');
    expect(await saidOf(`${good}${second}`)).toEqual([
      expect.stringMatching(/^strategy\.yaml:21 .*components of their own/) as string,
    ]);
  });
  test('a load of writes at a service that has no journeys, and one of probes at a service that has none', async () => {
    expect(await saidOf(changed(/ {6}journeys:[\s\S]*/, ''))).toEqual([
      'drill.yaml:4 shop cannot have such a load: it has no journeys to write by: `by: probes` asks its probes',
    ]);
    const probes = scenario.replace('rate: 20/s', 'rate: 20/s, by: probes');
    expect(await saidOf(changed(/ {6}probes:\n.*\n/, ''), probes)).toEqual([
      'drill.yaml:4 shop cannot have such a load: it has no probes',
    ]);
  });
});
