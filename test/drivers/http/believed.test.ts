import { expect, test } from 'vitest';
import { lookalike } from '../../../drivers/http/lookalike.ts';
import { believed } from './believed-cases.ts';
import { byList, byName, openAt, readBack } from './opened.ts';
import { json, serveShop, type Bad } from './shop.ts';
import { endsTheDrill, isList, written } from './written.ts';

test(believed.removed.name, async () => {
  let order: object | undefined;
  await using opened = await written(byList.replace('remove:', 'neverReturn: true\n    remove:'), (shop) => {
    order = { ...shop.orders[2]! };
    const path = `/orders/${shop.orders[2]!.id}`;
    let back = false;
    return (asked, outgoing) => {
      if (isList(asked)) back = true;
      return back && asked.method === 'GET' && asked.path === path ? json(outgoing, 200, order) : undefined;
    };
  });
  await opened.client.remove(2);
  await expect(readBack(opened.data)).rejects.toThrow(
    /the list lacks record 2, which is there when it is read by itself/,
  );
});

test(believed.index.name, async () => {
  await using opened = await written(
    byList,
    () => (asked, outgoing) =>
      asked.method === 'GET' && !isList(asked) ? json(outgoing, 404, {}) : undefined,
  );
  await expect(readBack(opened.data)).rejects.toThrow(
    /the list has record \d, which is not there when it is read by itself/,
  );
});

test(believed.cached.name, async () => {
  for (const yaml of [byList, byName]) {
    const asked: unknown[] = [];
    await using opened = await written(yaml, (shop) => {
      const kept = structuredClone(shop.orders);
      shop.orders = [];
      return ({ method, path, headers }, outgoing) => {
        if (method !== 'GET') return undefined;
        asked.push(headers['cache-control']);
        const order = kept.find(({ id }) => path === `/orders/${id}`);
        if (!order && !path.includes('?')) return undefined;
        return json(outgoing, 200, order ?? { items: kept, next: null }, { age: '17' });
      };
    });
    await expect(readBack(opened.data)).rejects.toThrow(/a cache gave an answer that is 17 s old/);
    expect(new Set(asked)).toEqual(new Set(['no-cache']));
  }
});

test(believed.cached.beside, async () => {
  await using opened = await written(byName, (shop) => ({ method, path }, outgoing) => {
    const order = shop.orders.find(({ id }) => path === `/orders/${id}`);
    return method === 'GET' && order && json(outgoing, 200, order, { age: '0' });
  });
  expect(await readBack(opened.data)).toHaveLength(5);
});

test(believed.bare.name, async () => {
  const bare = byList.replace('value: $.note }', 'value: { body: \'"note":"([^"]*)"\' } }');
  await using opened = await written(bare, () => () => undefined);
  await opened.client.write([1], ['another']);
  opened.shop.orders.find(({ ref }) => ref === '1')!.note = 'value 1';
  expect(opened.data.blindTo).toEqual([]);
  expect((await readBack(opened.data)).at(1)).toEqual([1, 'value 1']);
  await opened.client.write([1], ['another']);
  expect((await readBack(opened.data)).at(1)).toEqual([1, 'another']);
});

test.each(['17', 'a3bb189e-8bf9-3888-9912-ace4e6543002', 'Summer-2026', 'eyJhbGciOi.J9_x'])(
  'a name that looks like %s is none that anything has',
  (name) => {
    const others = new Set(Array.from({ length: 50 }, () => lookalike(name)));
    expect(others.size).toBe(50);
    for (const other of others)
      expect(other.slice(0, name.length).replaceAll(/\w/g, '')).toBe(name.replaceAll(/\w/g, ''));
  },
);

const existence = byName.replace(', value: $.note', '').replace(/^ {4}re(?:write|move):.*\n/gm, '');

test(believed.anything.beside, async () => {
  await using served = await serveShop();
  await using opened = await openAt(served, existence);
  await opened.data.prepare();
  await opened.client.write([1], ['one']);
  expect(await readBack(opened.data)).toEqual([[1, 'one']]);
  served.shop.orders = [];
  expect(await readBack(opened.data)).toEqual([]);
});

test.each<[string, string, Bad, RegExp]>([
  [
    believed.anything.name,
    existence,
    ({ method, path }, outgoing) =>
      method === 'GET' && path.startsWith('/orders/')
        ? json(outgoing, 200, { error: 'no database' })
        : undefined,
    /reading what nobody wrote: it is answered as what is there/,
  ],
  [
    believed.echo.name,
    `
ready: /health
journeys:
  order:
    write: { put: "/orders/{{id}}", text: "{{value}}" }
    read: { get: "/orders/{{id}}", id: $.asked }
`,
    ({ path }, outgoing) =>
      path.startsWith('/orders/') &&
      json(outgoing, 200, { asked: path.split('/').at(-1), error: 'no database' }),
    /reading what nobody wrote: it is answered as what is there/,
  ],
])('%s ends the drill before anything is broken', (_, yaml, bad, expected) =>
  endsTheDrill(yaml, bad, expected),
);
