import { expect, test } from 'vitest';
import { OperationError } from '../../../core/ledger.ts';
import { byList, byName, openAt, readBack } from './opened.ts';
import { json, serveShop, type Bad } from './shop.ts';

const isPractice = (body: string): boolean => body.includes('a5a5a5a5');
/** Only of what the ledger has: the rehearsal finds a good service. */
const forWrites =
  (bad: Bad): Bad =>
  (asked, outgoing) =>
    asked.method === 'POST' && !isPractice(asked.body) ? bad(asked, outgoing) : undefined;

test.each([
  ['by its list', byList],
  ['record by record', byName],
  ['by its list, where nothing is removed', byList.replace(/^ {4}remove:.*\n/m, '')],
])(
  'what is acknowledged is read back %s, with its last value, and what was removed is not',
  async (_, yaml) => {
    await using served = await serveShop();
    await using opened = await openAt(served, yaml);
    const { data, client } = opened;
    await data.prepare();
    await data.prepare();
    for (let id = 0; id < 10; id += 1) await client.write([id], [`value ${id}`]);
    await client.write([3], ['another']);
    const removes = client.can!('remove', 5);
    if (removes) await client.remove(5);
    expect(await client.read(3)).toBe('another');
    expect(await client.read(5)).toBe(removes ? null : 'value 5');
    const expected = Array.from({ length: 10 }, (_, id) => [id, id === 3 ? 'another' : `value ${id}`]);
    expect(await readBack(data)).toEqual(expected.filter(([id]) => !removes || id !== 5));
  },
);

test('a list can show what nobody wrote and what is there twice, reading by name cannot, and neither says it could', async () => {
  await using served = await serveShop();
  await using listing = await openAt(served);
  await using naming = await openAt(served, byName);
  for (const { data, client } of [listing, naming]) {
    await data.prepare();
    await client.write([data === listing.data ? 1 : 2], ['once']);
  }
  served.shop.orders.push({ id: 900, ref: '77', note: 'phantom' }, { id: 901, ref: '1', note: 'once' });
  expect(listing.data.blindTo).toEqual([]);
  expect(await readBack(listing.data)).toEqual([
    [1, 'once'],
    [1, 'once'],
    [2, 'once'],
    [77, 'phantom'],
  ]);
  expect(naming.data.blindTo).toEqual(['phantom', 'duplicated', 'failed']);
  expect(await readBack(naming.data)).toEqual([[2, 'once']]);
});

test('a service that acknowledges and forgets has lost what it acknowledged', async () => {
  const forgets: Bad = forWrites((_, outgoing) => json(outgoing, 201, { id: 4711 }));
  await using served = await serveShop({ bad: forgets });
  for (const yaml of [byList, byName]) {
    await using opened = await openAt(served, yaml);
    await opened.data.prepare();
    await opened.client.write([1], ['gone']);
    expect(await opened.client.read(1)).toBeNull();
    expect(await readBack(opened.data)).toEqual([]);
  }
});

/** `endless`: no answer comes, and only then is it not waited for. */
const certainty = async (bad: Bad, endless = false): Promise<boolean> => {
  await using served = await serveShop({ bad: forWrites(bad) });
  await using opened = await openAt(served, endless ? `${byList}timeout: 300ms\n` : byList);
  const failure = await opened.client.write([1], ['one']).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(OperationError);
  return (failure as OperationError).certain;
};

test.each<[string, Bad]>([
  ['409, which the file calls a refusal', (_, outgoing) => json(outgoing, 409, {})],
  ['422, likewise', (_, outgoing) => json(outgoing, 422, {})],
])('%s: certainly not written', async (_, bad) => {
  expect(await certainty(bad)).toBe(true);
});

test.each<[string, Bad]>([
  ['500', (_, outgoing) => json(outgoing, 500, {})],
  ['400, which the file does not call a refusal', (_, outgoing) => json(outgoing, 400, {})],
  ['a redirect, which is not followed', (_, outgoing) => json(outgoing, 303, {}, { location: '/orders/1' })],
  ['201 without what is to be captured', (_, outgoing) => json(outgoing, 201, { order: 'made' })],
  ['200 where 201 is expected', (_, outgoing) => json(outgoing, 200, { id: 1 })],
  [
    'a page of HTML with status 201',
    (_, outgoing) => outgoing.writeHead(201, { 'content-type': 'text/html' }).end('<h1>Oops</h1>'),
  ],
  ['a connection that is cut before the answer', (_, outgoing) => outgoing.socket!.destroy()],
  [
    'a connection that is cut in the middle of the answer',
    (_, outgoing) => {
      outgoing.writeHead(201, { 'content-type': 'application/json', 'content-length': '9' });
      outgoing.write('{"id"', () => outgoing.socket!.destroy());
      return true;
    },
  ],
  [
    'an answer in chunks that never ends',
    (_, outgoing) => {
      outgoing.writeHead(201, { 'content-type': 'application/json' });
      return outgoing.write('{"id":1');
    },
  ],
  [
    'an answer of more than four mebibytes',
    (_, outgoing) => outgoing.writeHead(201).end(Buffer.alloc(5 * 1024 * 1024, 0x20)),
  ],
  ['no answer at all', () => true],
])('%s: nobody knows whether it was written', async (what, bad) => {
  expect(await certainty(bad, /never ends|no answer/.test(what))).toBe(false);
});

test('a service that is not there was certainly not asked', async () => {
  await using served = await serveShop();
  await using opened = await openAt(served);
  await opened.data.prepare();
  await served[Symbol.asyncDispose]();
  // The first finds out that the connection it had is no more.
  await expect(opened.client.write([0], ['none'])).rejects.toThrow();
  const failure = await opened.client.write([1], ['one']).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'OperationError', certain: true });
  await expect(readBack(opened.data)).rejects.toThrow(/ECONNREFUSED/);
});

test('numbers that the service gives anew after a restore are no values of older records, and it is told', async () => {
  await using served = await serveShop();
  for (const yaml of [byList, byName]) {
    await using opened = await openAt(served, yaml);
    const { data, client, attached, notes } = opened;
    const [kept, lost, anew] = yaml === byList ? [1, 2, 3] : [4, 5, 6];
    await data.prepare();
    await client.write([kept!], ['kept']);
    served.shop.backUp();
    await client.write([lost!], ['lost']);
    served.shop.restore();
    await client.write([anew!], ['anew']);
    expect(await client.read(lost!)).toBeNull();
    expect(await client.read(anew!)).toBe('anew');
    expect(data.blindTo?.includes('corrupt')).toBe(false);
    expect((await readBack(data)).filter(([id]) => [kept, lost, anew].includes(id))).toEqual([
      [kept, 'kept'],
      [anew, 'anew'],
    ]);
    // Known or not, what changes the older record leaves the newer one as it is.
    expect(served.shop.orders.find(({ ref }) => ref === String(anew))?.note).toBe('anew');
    // A removal by the old name would hit the new record.
    expect(client.can!('remove', lost!)).toBe(false);
    expect(client.can!('rewrite', lost!)).toBe(false);
    expect(notes).toEqual([expect.stringMatching(/^order: the service gave a new record/) as string]);
    expect(await attached.checks['names-stay']!.after(null)).toMatchObject({ verdict: 'fail' });
  }
});

test('a name that two records had says nothing by itself: where answers have no value and no id, nothing is concluded', async () => {
  await using served = await serveShop();
  const bare = byName.replace(', value: $.note', '').replace(/^ {4}rewrite:.*\n/m, '');
  await using opened = await openAt(served, bare);
  await opened.data.prepare();
  expect(opened.data.blindTo).toContain('corrupt');
  served.shop.backUp();
  await opened.client.write([1], ['first']);
  expect(await readBack(opened.data)).toEqual([[1, 'first']]);
  served.shop.restore();
  await opened.client.write([2], ['second']);
  await expect(readBack(opened.data)).rejects.toThrow(/two records have had one name/);
});

test('a record whose name another had meanwhile is found again when an older backup gives it back', async () => {
  await using served = await serveShop();
  for (const yaml of [byList, byName]) {
    await using opened = await openAt(served, yaml);
    Object.assign(served.shop, { orders: [], next: 1 });
    await opened.data.prepare();
    await opened.client.write([1], ['kept']);
    served.shop.backUp();
    Object.assign(served.shop, { orders: [], next: served.shop.next - 1 });
    await opened.client.write([2], ['on the empty service']);
    served.shop.restore();
    expect(await opened.client.read(1)).toBe('kept');
    expect(await readBack(opened.data)).toEqual([[1, 'kept']]);
  }
});

test('a client that kept a number changes nothing that another has by now', async () => {
  const withId = byList.replace('value: $.note }', 'value: $.note, id: $.ref }');
  let away = false;
  const failing: Bad = (_, outgoing) => away && json(outgoing, 500, {});
  await using served = await serveShop({ bad: forWrites(failing) });
  for (const [yaml, whose] of [
    [withId, 'its own, unacknowledged'],
    [withId, 'a stranger'],
    [byList, 'a stranger'],
  ]) {
    await using opened = await openAt(served, yaml);
    const { data, client } = opened;
    served.shop.orders = [];
    await data.prepare();
    await client.write([1], ['lost']);
    away = true;
    await expect(client.write([11], ['never acknowledged'])).rejects.toMatchObject({ certain: false });
    away = false;
    const [order] = served.shop.orders;
    const theirs =
      whose === 'a stranger' ? { ref: '77', note: 'theirs' } : { ref: '11', note: 'never acknowledged' };
    Object.assign(order!, theirs);
    if (whose === 'a stranger') {
      await expect(client.write([1], ['anew'])).rejects.toMatchObject({ certain: true });
      await expect(client.remove(1)).rejects.toMatchObject({ certain: true });
    } else {
      await client.write([1], ['anew']);
      expect(served.shop.orders[1]).toMatchObject({ ref: '1', note: 'anew' });
    }
    expect(served.shop.orders[0]).toMatchObject(theirs);
  }
});

test('where numbers stay, the check of them passes; where nothing was written it says nothing', async () => {
  await using served = await serveShop();
  await using opened = await openAt(served);
  await opened.data.prepare();
  expect(await opened.attached.checks['names-stay']!.after(null)).toMatchObject({ verdict: 'inconclusive' });
  await opened.client.write([1], ['one']);
  expect(await opened.attached.checks['names-stay']!.after(null)).toMatchObject({ verdict: 'pass' });
});

test('where clients name their records themselves, that no name was given away is no finding', async () => {
  const notes = new Map<string, string>();
  const keeps: Bad = ({ method, path, body }, outgoing) => {
    if (!path.startsWith('/notes/')) return undefined;
    if (method === 'PUT') notes.set(path, body);
    return notes.has(path) ? json(outgoing, 200, { note: notes.get(path) }) : json(outgoing, 404, {});
  };
  await using served = await serveShop({ bad: keeps });
  await using opened = await openAt(
    served,
    `
ready: /health
journeys:
  note:
    write: { put: "/notes/{{id}}", text: "{{value}}" }
    read: { get: "/notes/{{id}}", value: $.note }
`,
  );
  await opened.data.prepare();
  await opened.client.write([1], ['one']);
  expect(await opened.attached.checks['names-stay']!.after(null)).toMatchObject({
    verdict: 'inconclusive',
    nothing: true,
  });
});

test('another record than the one asked for is no loss where nobody gave its number away: it is a wrong value', async () => {
  await using served = await serveShop();
  await using opened = await openAt(served, byName);
  await opened.data.prepare();
  await opened.client.write([1], ['one']);
  served.shop.orders.find(({ ref }) => ref === '1')!.note = 'damaged';
  expect(await opened.client.read(1)).toBe('damaged');
  expect(await readBack(opened.data)).toEqual([[1, 'damaged']]);
});

test('what is lost is written anew by the next rewrite', async () => {
  await using served = await serveShop();
  await using opened = await openAt(served);
  await opened.data.prepare();
  await opened.client.write([1], ['one']);
  served.shop.orders = [];
  await opened.client.write([1], ['two']);
  expect(await readBack(opened.data)).toEqual([[1, 'two']]);
});

test('what cannot be asked is not: without a rewrite or removal nothing is rewritten or removed', async () => {
  await using served = await serveShop();
  await using opened = await openAt(served, byName.replace(/^ {4}(rewrite|remove):.*\n/gm, ''));
  await opened.data.prepare();
  expect(opened.client.can!('read', 1)).toBe(false);
  await opened.client.write([1], ['one']);
  expect(['read', 'rewrite', 'remove'].map((what) => opened.client.can!(what as 'read', 1))).toEqual([
    true,
    false,
    false,
  ]);
});
