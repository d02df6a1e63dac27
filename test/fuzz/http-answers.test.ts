import { createServer, type AddressInfo, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differs, foundOf } from '../../drivers/http/answer.ts';
import { allAt, everyAt } from '../../drivers/http/json-path.ts';
import { common, traitsOf, unlike } from '../../drivers/http/likeness.ts';
import { expectation, type Found } from '../../drivers/http/match.ts';
import { openTransport, type Answer, type Transport } from '../../drivers/http/transport.ts';
import { anything, changed, changes } from './bytes.ts';
import { runs, timeLimit } from './mutations.ts';

describe('whatever a service of HTTP answers', () => {
  const header = fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 3 }), fc.constant(undefined));
  const headers = fc.dictionary(
    fc.constantFrom('content-type', 'set-cookie', 'location', 'x-total', '__proto__', 'constructor'),
    header,
  );
  /** Deeper than anybody means. */
  const deep = fc.integer({ min: 1, max: 20_000 }).map((levels) => '['.repeat(levels) + ']'.repeat(levels));
  const body = fc.oneof(
    { weight: 6, arbitrary: fc.json() },
    { weight: 3, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: deep },
  );
  const answer: fc.Arbitrary<Answer> = fc
    .record({ status: fc.integer({ min: 100, max: 599 }), headers, body, tookMs: fc.nat() })
    .map((rest) => ({ kind: 'answer', ...rest, json: jsonIn(rest.body) }));
  const expected = [
    {},
    { status: [200, 404], headers: { 'content-type': { pattern: 'json' }, 'x-total': '{{id}}' } },
    { isJson: true, json: { '$.items[0].id': '{{id}}', '$..name': null } },
    { body: '^.*(a|b)$', within: '1s', json: { $: { pattern: '.' }, '$[?@.a == 1]': 1 } },
  ].map((one) => expectation.parse(one));
  const found: Found[] = [
    '$.id',
    '$..id',
    '$[?@.a > 1].b',
    { json: '$.id', pattern: '(\\d+)' },
    { header: 'X-Total', pattern: '^(.)' },
    { cookie: 'sid' },
    { body: '<b>(.*?)</b>' },
  ];

  test('is judged, and told apart from another answer', { timeout: timeLimit }, () => {
    fc.assert(
      fc.property(answer, answer, fc.string(), (one, other, id) => {
        for (const each of expected) {
          const told = differs(one, each, { id });
          expect(told === null || told.length > 0).toBe(true);
        }
        for (const each of found) expect(typeof foundOf(one, each)).toMatch(/^(string|undefined)$/);
        expect(unlike(one, traitsOf(one))).toBeNull();
        unlike(other, common(traitsOf(one), traitsOf(other)));
      }),
      runs(300, 40),
    );
  });

  test('that is nested too deeply has nothing that was expected, and is no empty list', () => {
    const nested = JSON.parse(`${'['.repeat(5_000)}{"id":1}${']'.repeat(5_000)}`) as unknown;
    expect(allAt(nested, '$..id')).toEqual([]);
    expect(() => everyAt(nested, '$..id')).toThrow(/recursion limit/);
    expect(everyAt([[{ id: 1 }]], '$..id')).toEqual([1]);
  });

  let say: Buffer = Buffer.alloc(0);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.once('data', () => socket.end(say));
  });
  let transport: Transport;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    transport = openTransport({
      clients: async () => ({ host: '127.0.0.1', port }),
      nowMs: () => performance.now(),
      host: undefined,
      tls: null,
    });
  });
  afterAll(async () => {
    await transport.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const right = Buffer.from(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nset-cookie: sid=1; Path=/\r\ntransfer-encoding: chunked\r\n\r\n8\r\n{"id":1}\r\n0\r\n\r\n',
  );
  const moved = Buffer.from('HTTP/1.1 302 Found\r\nlocation: /there?a=1\r\ncontent-length: 0\r\n\r\n');
  const said = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.constantFrom(right, moved), changes)
        .map(([was, all]) => all.reduce(changed, was)),
    },
    { weight: 1, arbitrary: anything },
  );

  test('on the wire is an answer or none, and never an error', { timeout: timeLimit }, async () => {
    await fc.assert(
      fc.asyncProperty(said, fc.boolean(), async (bytes, follow) => {
        say = bytes;
        const reply = await transport.send({
          ...{ method: 'GET', path: '/', headers: {}, body: null },
          ...{ follow, deadlineMs: 2_000 },
        });
        if (reply.kind === 'answer') expect(reply.status).toBeGreaterThanOrEqual(100);
        // It was asked: that it did nothing is not certain.
        else expect([reply.certain, reply.detail.length > 0]).toEqual([false, true]);
      }),
      runs(200, 20),
    );
  });
});

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
