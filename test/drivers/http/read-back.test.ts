import { expect, test } from 'vitest';
import { byList, byName, openAt, readBack } from './opened.ts';
import { json, serveShop, type Bad, type Shop } from './shop.ts';
import { endsTheDrill, isList, written } from './written.ts';

test.each<[string, (shop: Shop) => Bad, RegExp]>([
  [
    'a list that ends after its first page although there is more',
    (shop) => (asked, outgoing) =>
      isList(asked) ? json(outgoing, 200, { items: shop.orders.slice(0, 3), next: null }) : undefined,
    /the list lacks record [34], which is there when it is read by itself/,
  ],
  [
    'pages that go in a circle',
    (shop) => (asked, outgoing) =>
      isList(asked) ? json(outgoing, 200, { items: shop.orders.slice(0, 3), next: 1 }) : undefined,
    /its pages go in a circle/,
  ],
  [
    'a page of HTML with status 200',
    () => (asked, outgoing) => (isList(asked) ? outgoing.writeHead(200).end('<h1>Sorry</h1>') : undefined),
    /its body is no JSON/,
  ],
  [
    'an error',
    () => (asked, outgoing) => (isList(asked) ? json(outgoing, 500, {}) : undefined),
    /answered 500/,
  ],
  [
    'a page that is cut',
    () => (asked, outgoing) => (isList(asked) ? outgoing.socket!.destroy() : undefined),
    /GET \/orders\?after=\{\{cursor\}\}: /,
  ],
])('from %s nothing is concluded', async (_, turn, expected) => {
  await using opened = await written(byList, turn);
  await expect(readBack(opened.data)).rejects.toThrow(expected);
});

test.each<[string, Bad]>([
  ['an error', (_, outgoing) => json(outgoing, 500, {})],
  ['a page of HTML with status 200', (_, outgoing) => outgoing.writeHead(200).end('<h1>Sorry</h1>')],
  ['JSON without the value', (_, outgoing) => json(outgoing, 200, { error: 'no database' })],
])('from %s for one record nothing is concluded either', async (_, bad) => {
  await using opened = await written(
    byName,
    () => (asked, outgoing) =>
      asked.method === 'GET' && asked.path.endsWith('/3') ? bad(asked, outgoing) : undefined,
  );
  await expect(readBack(opened.data)).rejects.toThrow(/./);
});

test('where the answer says which record it is, a value that is missing is a wrong value, and another record is told', async () => {
  const withId = byName.replace('value: $.note }', 'value: $.note, id: $.ref }');
  await using bare = await written(
    withId,
    () =>
      ({ method, path }, outgoing) =>
        method === 'GET' && path.endsWith('/3') ? json(outgoing, 200, { ref: '1' }) : undefined,
  );
  expect(await bare.client.read(1)).toBe('no value');
  await using mixed = await written(
    withId,
    () =>
      ({ method, path }, outgoing) =>
        method === 'GET' && path.endsWith('/3')
          ? json(outgoing, 200, { ref: '999', note: 'strange' })
          : undefined,
  );
  expect(await mixed.client.read(1)).toBe('record 999');
});

test('a service whose reads lag behind is read once it has settled, and before that nothing of it is asked', async () => {
  const lagMs = 300;
  const visible = new Map<string, number>();
  const lagging: Bad = ({ method, path, body }, outgoing) => {
    if (method === 'POST') visible.set((JSON.parse(body) as { ref: string }).ref, performance.now() + lagMs);
    const hidden = [...visible.values()].some((at) => at > performance.now());
    return method === 'GET' && path.startsWith('/orders/') && hidden ? json(outgoing, 404, {}) : undefined;
  };
  await using served = await serveShop({ bad: lagging });
  await using hasty = await openAt(served, byName);
  await expect(hasty.data.prepare()).rejects.toThrow(/reading what was written/);
  await using patient = await openAt(served, `${byName}    settles: 500ms\n`);
  await patient.data.prepare();
  await patient.client.write([1], ['one']);
  expect(patient.client.can!('read', 1)).toBe(false);
  expect(await readBack(patient.data)).toEqual([[1, 'one']]);
  expect(patient.client.can!('read', 1)).toBe(true);
});

/** Tokens of which each is good once: reading uses one up, and gives the next. */
const sessions = `
ready: /health
journeys:
  session:
    write: { post: /sessions, expect: { status: 201 }, capture: { token: $.token } }
    read: { post: /refresh, json: { token: "{{token}}" }, capture: { token: $.token }, absent: 401 }
    remove: { post: /revoke, json: { token: "{{token}}" } }
    neverReturn: true
`;
function tokenService(): { bad: Bad; good: Set<string>; revoked: string[] } {
  const good = new Set<string>();
  const revoked: string[] = [];
  let count = 0;
  const give = (): { token: string } => {
    good.add(`t${(count += 1)}`);
    return { token: `t${count}` };
  };
  return {
    good,
    revoked,
    bad: ({ path, body }, outgoing) => {
      if (path === '/sessions') return json(outgoing, 201, give());
      const { token } = body ? (JSON.parse(body) as { token: string }) : { token: '' };
      if (path === '/refresh')
        return good.delete(token) ? json(outgoing, 200, give()) : json(outgoing, 401, {});
      if (path !== '/revoke') return undefined;
      revoked.push(token);
      return json(outgoing, good.delete(token) ? 204 : 401);
    },
  };
}

test('a record that reading uses up is read only in the end, again and again, and one that was removed and is back is found', async () => {
  const { bad, good, revoked } = tokenService();
  await using served = await serveShop({ bad });
  await using opened = await openAt(served, sessions);
  const { data, client } = opened;
  await data.prepare();
  expect(data).toMatchObject({
    neverReturn: true,
    removals: 0.25,
    blindTo: ['phantom', 'duplicated', 'failed', 'corrupt'],
  });
  for (const id of [1, 2, 3]) await client.write([id], [`value ${id}`]);
  expect(client.can!('read', 1)).toBe(false);
  await client.remove(2);
  for (let time = 0; time < 2; time += 1)
    expect(await readBack(data)).toEqual([
      [1, 'value 1'],
      [3, 'value 3'],
    ]);
  // Whether it stays away is asked under load as well, and is no reading that uses anything up.
  expect(client.can!('read', 2)).toBe(true);
  expect(await client.read(2)).toBeNull();
  good.add(revoked.at(-1)!);
  expect(await client.read(2)).toBe('value 2');
  expect((await readBack(data)).map(([id]) => id)).toEqual([1, 2, 3]);
});

test.each<[string, string, Bad, RegExp]>([
  [
    'a write that is refused',
    byList,
    ({ method }, outgoing) => (method === 'POST' ? json(outgoing, 422, {}) : undefined),
    /order cannot be done before anything was broken: writing: POST \/orders: answered 422/,
  ],
  [
    'a read that gives another value',
    byList,
    ({ method, path }, outgoing) =>
      method === 'GET' && path.startsWith('/orders/') ? json(outgoing, 200, { note: 'other' }) : undefined,
    /reading what was written: another value/,
  ],
  [
    'a list that lacks it',
    byList,
    (asked, outgoing) => (isList(asked) ? json(outgoing, 200, { items: [], next: null }) : undefined),
    /finding it in the list: it is there 0 times/,
  ],
  [
    'a removal that removes nothing',
    byList,
    ({ method }, outgoing) => (method === 'DELETE' ? json(outgoing, 204) : undefined),
    /reading what was removed: it is still there/,
  ],
  [
    'a list that has such ids before anything was written',
    byList,
    (asked, outgoing) =>
      isList(asked) ? json(outgoing, 200, { items: [{ ref: '12', note: 'old' }], next: null }) : undefined,
    /the list has the id 12, and nothing was written yet/,
  ],
])('%s ends the drill before anything is broken', (_, yaml, bad, expected) =>
  endsTheDrill(yaml, bad, expected),
);
