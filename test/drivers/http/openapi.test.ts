import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { configSchema } from '../../../drivers/http/config.ts';
import { derivedFrom, withDerived } from '../../../drivers/http/openapi.ts';
import { messageOf } from '../../../core/errors.ts';
import { registries } from '../../../cli/registries.ts';
import { planDrill } from '../../../engine/plan.ts';
import { noStacks } from '../../support/memory-drill.ts';
import { scratch } from '../../support/scratch.ts';
import { openAt } from './opened.ts';
import { json, serveShop, type Bad } from './shop.ts';

const document = `
openapi: 3.1.0
info: { title: The shop, version: "1" }
servers: [{ url: "https://{stage}.example.com", variables: { stage: { default: live } } }]
components:
  securitySchemes: { token: { type: http, scheme: bearer } }
  schemas: { Order: { type: object, properties: { id: { type: integer } } } }
  responses:
    Orders: { description: some, content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Order" } } } } }
paths:
  /health:
    get: { operationId: isHealthy, responses: { "200": { description: up, content: { application/json: {} } }, "503": { description: down } } }
  /orders:
    parameters: [{ name: after, in: query, schema: { type: integer } }]
    get: { responses: { "200": { $ref: "#/components/responses/Orders" } } }
    post: { responses: { "201": { description: made } } }
  /orders/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get: { responses: { "200": { description: one } } }
    delete: { responses: { "204": { description: gone } } }
  /search:
    get: { parameters: [{ name: q, in: query, required: true, schema: { type: string } }], responses: { "200": { description: found } } }
  /mine:
    get: { security: [{ token: [] }], responses: { "200": { description: mine } } }
  /events:
    get: { responses: { "200": { description: for ever, content: { text/event-stream: {} } } } }
  /somehow:
    get: { responses: { default: { description: something } } }
  /logout:
    get: { responses: { "204": { description: out } } }
`;
const folderWith = (text: string): string => {
  const folder = mkdtempSync(join(scratch, 'openapi-'));
  writeFileSync(join(folder, 'openapi.yaml'), text);
  return folder;
};
const config = 'ready: /health\nopenapi: { from: ./openapi.yaml, leave: [/logout] }\n';
const configOf = (yaml: string) => configSchema.parse(parse(yaml));

describe('probes from an OpenAPI document', () => {
  test('are each GET that can be asked as it stands; of the rest it is said why not', async () => {
    const { config: completed, notes } = await withDerived(configOf(config), folderWith(document));
    expect(completed.probes).toMatchObject({
      'is-healthy': { get: '/health', expect: { status: [200], isJson: true } },
      orders: { get: '/orders', expect: { status: [200], isJson: true } },
    });
    expect(Object.keys(completed.probes)).toEqual(['is-healthy', 'orders']);
    expect(notes).toHaveLength(1);
    for (const said of [
      'a probe each of GET /health, GET /orders',
      'GET /orders/{id} (it needs id)',
      'GET /search (it needs q)',
      'GET /mine (it asks who it is (token), and auth says nothing of that)',
      'GET /events (its answer does not end)',
      'GET /somehow (it does not say which status is a success)',
      'GET /logout (the strategy leaves it out)',
      '2 operations that may change something',
    ])
      expect(notes[0]).toContain(said);
  });
  test('stand beside those that the strategy declares, which keep their names', async () => {
    const own = `${config}probes: { orders: { get: /orders, expect: { status: 200 } } }\n`;
    const { config: completed } = await withDerived(configOf(own), folderWith(document));
    expect(Object.keys(completed.probes).sort()).toEqual(['is-healthy', 'orders', 'orders-2']);
    expect(completed.probes['orders']).not.toHaveProperty('alike');
  });
  test('are asked by who the configuration says, where it says that', () => {
    const withAuth = configOf(`${config}auth: { bearer: TOKEN }\n`);
    const { probes } = derivedFrom(parse(document) as object, withAuth);
    expect(Object.values(probes)).toContainEqual(expect.objectContaining({ get: '/mine' }));
  });
  test.each([
    ['a path before all of them', 'servers: [{ url: /api/v2/ }]', 'base: ""', '/api/v2/health'],
    ['none where the strategy has one', 'servers: [{ url: /api/v2/ }]', 'base: /v1', '/health'],
    ['that of OpenAPI 2.0', 'basePath: /v1', 'base: ""', '/v1/health'],
  ])('have %s', (_, said, base, path) => {
    const text = `${said}\npaths: { /health: { get: { responses: { 200: { description: up } } } } }\n`;
    const { probes } = derivedFrom(parse(text) as object, configOf(`${config}${base}\n`));
    expect(Object.values(probes).map(({ get }) => get)).toEqual([path]);
  });
  test.each<[string, string, number[] | undefined, boolean]>([
    ['any success', '{ 2XX: { description: well } }', undefined, false],
    [
      'several',
      '{ 200: { description: a }, 206: { description: b }, 404: { description: c } }',
      [200, 206],
      false,
    ],
    ['a redirect, where that is all', '{ 302: { description: there } }', [302], false],
    ['JSON of a kind', '{ 200: { description: a, content: { application/problem+json: {} } } }', [200], true],
    [
      'HTML or JSON',
      '{ 200: { description: a, content: { application/json: {}, text/html: {} } } }',
      [200],
      false,
    ],
    [
      'JSON, or nothing at all',
      '{ 200: { description: a, content: { application/json: {} } }, 204: { description: b } }',
      [200, 204],
      false,
    ],
  ])('expect %s as it is said', (_, responses, status, isJson) => {
    const text = `paths: { /a: { get: { responses: ${responses} } } }\n`;
    const { probes } = derivedFrom(parse(text) as object, configOf(config));
    const { expect: expected } = probes['a']!;
    expect({ status: expected.status, isJson: expected.isJson === true }).toEqual({ status, isJson });
  });

  test.each<[string, string, RegExp]>([
    ['is not there', '', /no OpenAPI document that can be read/],
    ['is no OpenAPI document', 'a: b\n', /no OpenAPI document that can be read/],
    [
      'refers to what is elsewhere',
      document.replace('"#/components/responses/Orders"', '"http://192.0.2.10/orders.yaml"'),
      /no OpenAPI document that can be read/,
    ],
    [
      'gives none',
      'openapi: 3.0.3\ninfo: { title: t, version: "1" }\npaths: { /a: { post: { responses: { "201": { description: a } } } } }\n',
      /no probe can be derived/,
    ],
  ])('are refused where the document %s', async (_, text, said) => {
    const folder = text === '' ? scratch : folderWith(text);
    const from = text === '' ? 'ready: /health\nopenapi: ./none.yaml\n' : config;
    const error = await withDerived(configOf(from), folder).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ trouble: 'input' });
    expect(messageOf(error)).toMatch(said);
  });
  test('are of the plan, which says where a document that cannot be read is named', async () => {
    const folder = folderWith(document);
    const strategy = (from: string) => ({
      strategy: 'shop',
      stack: 'none',
      components: {
        shop: { driver: 'http', objectives: { rto: '1m' }, config: { ready: '/health', openapi: from } },
      },
    });
    const planned = (from: string) => {
      writeFileSync(join(folder, 'strategy.yaml'), stringify(strategy(from)));
      writeFileSync(
        join(folder, 'drill.yaml'),
        stringify({
          scenario: 'away',
          strategy: './strategy.yaml',
          title: 'It is away',
          load: { visits: { target: 'shop', by: 'probes', rate: '20/s' } },
          fault: { crash: 'shop', at: '+4s' },
          recover: 'automatic',
          check: ['probes'],
        }),
      );
      return planDrill(join(folder, 'drill.yaml'), registries, noStacks);
    };
    expect((await planned('./openapi.yaml')).notes).toContainEqual(
      expect.stringMatching(/^shop: \.\/openapi\.yaml: a probe each of GET \/health, GET \/orders/),
    );
    await expect(planned('./none.yaml')).rejects.toMatchObject({
      all: [{ trouble: 'input', at: { file: expect.stringMatching(/strategy\.yaml$/), line: 8 } }],
    });
  });
});

describe('a service whose probes its own document gives', () => {
  const bad: Record<string, [Bad, RegExp]> = {
    'answers with a page of its proxy': [
      ({ path }, outgoing) =>
        path === '/orders' && outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<p>Sorry</p>'),
      /orders: .*content-type/,
    ],
    'answers with a page that is called JSON': [
      ({ path }, outgoing) =>
        path === '/orders' &&
        outgoing.writeHead(200, { 'content-type': 'application/json' }).end('<p>Sorry</p>'),
      /orders: .*no JSON/,
    ],
    'answers with another success': [
      ({ path }, outgoing) => path === '/orders' && json(outgoing, 202, { items: [], next: null }),
      /orders: .*answered 202, expected 200/,
    ],
    'answers with an error that is called a success': [
      ({ path }, outgoing) => path === '/orders' && json(outgoing, 200, { error: 'the database is away' }),
      /orders: .*an error in its JSON|orders: .*other names in its JSON/,
    ],
    fails: [({ path }, outgoing) => path === '/orders' && json(outgoing, 500, {}), /orders: .*500/],
  };
  test('passes while it answers as before', async () => {
    await using served = await serveShop();
    await using opened = await openAt(served, config, {}, folderWith(document));
    const { probes } = opened.attached.checks;
    await probes!.before!();
    expect(await probes!.after(null)).toMatchObject({
      verdict: 'pass',
      detail: expect.stringContaining('2 probes'),
    });
  });
  test.each(Object.entries(bad))('is red where it %s', async (_, [answer, said]) => {
    let isBad = false;
    await using served = await serveShop({
      bad: (asked, outgoing) => (isBad ? answer(asked, outgoing) : null),
    });
    await using opened = await openAt(served, config, {}, folderWith(document));
    const { probes } = opened.attached.checks;
    await probes!.before!();
    isBad = true;
    const outcome = await probes!.after(null);
    expect(outcome).toMatchObject({ verdict: 'fail' });
    expect(outcome.detail).toMatch(said);
  });
});
