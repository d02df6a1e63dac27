import { createCipheriv, createDecipheriv, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { valueFor } from '../../../core/ledger.ts';
import { carriedIn, type Carried } from '../../../drivers/http/carried.ts';
import { carried, lookedUp, noEcho } from './carried-cases.ts';
import { openAt, readBack } from './opened.ts';
import { json, serveShop, type Bad } from './shop.ts';
import { endsTheDrill } from './written.ts';

const journey = (read: string, ...more: string[]): string => `
ready: /health
journeys:
  note:
    write: { post: /notes, json: { ref: "{{id}}", note: "{{value}}" }, expect: { status: 201 }, capture: { n: $.n } }
    read: { get: "/notes/{{n}}"${read} }
${more.map((line) => `    ${line}\n`).join('')}`;
const byValue = journey(', value: $.note');
const alone = journey('');
const removing = 'remove: { delete: "/notes/{{n}}" }';
const rewriting = 'rewrite: { put: "/notes/{{n}}", json: { note: "{{value}}" } }';
const listing = 'list: { get: /notes, each: "$.items[*]", id: $.ref }';

interface Note {
  ref: string;
  note: string;
}
/** How a service names a note, and what it answers by that name; undefined where there is none. */
interface Kind {
  nameOf(note: Note): string;
  find(name: string): Partial<Note> | undefined;
  remove?(name: string): void;
  rewrite?(name: string, note: string): void;
  all?(): Note[];
}
const serving =
  (kind: Kind): Bad =>
  ({ method, path, body }, outgoing) => {
    if (!path.startsWith('/notes')) return undefined;
    if (method === 'POST') return json(outgoing, 201, { n: kind.nameOf(JSON.parse(body) as Note) });
    if (path === '/notes') return json(outgoing, 200, { items: kind.all!() });
    const name = decodeURIComponent(path.slice('/notes/'.length));
    const found = kind.find(name);
    if (!found) return json(outgoing, 404, {});
    if (method === 'DELETE') kind.remove!(name);
    if (method === 'PUT') kind.rewrite!(name, (JSON.parse(body) as Note).note);
    return json(outgoing, 200, found);
  };

/** Keeps notes under such names. */
function keeping(named: (note: Note) => string): Kind & { notes: Map<string, Note> } {
  const notes = new Map<string, Note>();
  return {
    notes,
    nameOf: (note) => {
      const name = named(note);
      notes.set(name, note);
      return name;
    },
    find: (name) => notes.get(name),
    remove: (name) => void notes.delete(name),
    rewrite: (name, note) => void (notes.get(name)!.note = note),
    all: () => [...notes.values()],
  };
}

const key = randomBytes(32);
const base64 = (text: string): string => Buffer.from(text).toString('base64url');
/** As RFC 7519 has it. */
const signed = (payload: object): string => {
  const body = `${base64('{"alg":"HS256"}')}.${base64(JSON.stringify(payload))}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
};
const payloadOf = <Payload>(token: string): Payload | undefined => {
  const payload = JSON.parse(
    Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || 'null',
  ) as Payload;
  return payload && signed(payload as object) === token ? payload : undefined;
};
const tokens: Kind = { nameOf: signed, find: (name) => tried(() => payloadOf<Note>(name)) };
const tried = <Value>(work: () => Value): Value | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};
/** As a session cookie is: nobody but the service sees what is in it. */
const sealed: Kind = {
  nameOf: (note) => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const text = Buffer.concat([cipher.update(JSON.stringify(note)), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
  },
  find: (name) =>
    tried(() => {
      const bytes = Buffer.from(name, 'base64url');
      const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
      cipher.setAuthTag(bytes.subarray(12, 28));
      return JSON.parse(
        Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()]).toString(),
      ) as Note;
    }),
};
const long = (): string => randomBytes(32).toString('base64url');

/** By a service of such a kind three records are written and `meanwhile` is done; gives what is read back. */
async function readBackOf(
  yaml: string,
  kind: Kind,
  meanwhile: () => void = () => undefined,
  by: (kind: Kind) => Bad = serving,
) {
  await using served = await serveShop({ bad: by(kind) });
  await using opened = await openAt(served, yaml);
  await opened.data.prepare();
  for (const id of [1, 2, 3]) await opened.client.write([id], [valueFor(1, id, 1)]);
  meanwhile();
  return { read: (await readBack(opened.data)).map(([id]) => id), notes: opened.notes };
}

const echoing: Kind = { nameOf: ({ note }) => note, find: (note) => ({ note }) };
const prefixed: Kind = {
  nameOf: ({ note }) => `note_${note}`,
  find: (name) => (name.startsWith('note_') ? { note: name.slice('note_'.length) } : undefined),
};
/** Of a token that it takes no more it keeps that, and nothing else. */
const denying = (): Kind => {
  const denied = new Set<string>();
  return {
    ...tokens,
    find: (name) => (denied.has(name) ? undefined : tokens.find(name)),
    remove: (name) => void denied.add(name),
  };
};

test.each([
  [carried.echo.name, byValue, echoing, /reading what nobody wrote: it is answered as what is there is/],
  [carried.prefix.name, byValue, prefixed, /reading what nobody wrote: it is answered as what is there is/],
  [carried.signed.name, byValue, tokens, /reading what was written: what `read` asks by holds the value/],
  [
    carried.signedRemoved.name,
    journey(', value: $.note', removing),
    denying(),
    /reading what was written: what `read` asks by holds the value/,
  ],
])('%s: the drill ends there', (_, yaml, kind, expected) => endsTheDrill(yaml, serving(kind), expected));

test.each([
  [carried.sealed.name, byValue, sealed],
  [carried.session.name, alone, tokens],
])('%s: nothing is concluded', async (_, yaml, kind) => {
  await expect(readBackOf(yaml, kind)).rejects.toThrow(/none of 3 records was found absent/);
});

test.each([
  [carried.echo.beside, byValue, keeping(({ note }) => `${note}-x7`)],
  [carried.prefix.beside, byValue, keeping(() => randomUUID())],
  [carried.signed.beside, journey(', value: $.note', rewriting), keeping(signed)],
  [carried.signedRemoved.beside, journey(', value: $.note', removing), keeping(long)],
  [carried.session.beside, journey('', listing), keeping(signed)],
])('%s: all is read back', async (_, yaml, kind) => {
  expect(await readBackOf(yaml, kind)).toEqual({ read: [1, 2, 3], notes: [] });
});

/** Answers nobody but who has a token of its own, which is good as long as it is signed. */
const guarded =
  (kind: Kind): Bad =>
  (asked, outgoing) => {
    if (asked.path === '/tokens') return json(outgoing, 200, { token: signed({ who: randomUUID() }) });
    if (!asked.path.startsWith('/notes')) return undefined;
    const known = tried(() => payloadOf(asked.headers.authorization?.split(' ')[1] ?? ''));
    return known ? serving(kind)(asked, outgoing) : json(outgoing, 401, {});
  };
const bearing = (read: string): string => `
ready: /health
journeys:
  note:
    write:
      - { post: /tokens, capture: { token: $.token } }
      - post: /notes
        headers: { authorization: "Bearer {{token}}" }
        json: { ref: "{{id}}", note: "{{value}}" }
        expect: { status: 201 }
        capture: { n: $.n }
    read: { get: "/notes/{{n}}", headers: { authorization: "Bearer {{token}}" }${read} }
`;
const counting = () => {
  let count = 0;
  return keeping(() => String((count += 1)));
};

test(carried.whatever.name, () =>
  endsTheDrill(
    bearing(''),
    guarded({ ...counting(), find: () => ({ note: 'any' }) }),
    /reading what nobody wrote: it is answered as what is there is/,
  ),
);

test.each(['', ', value: $.note'])(`${carried.whatever.beside}%s`, async (read) => {
  const kind = counting();
  expect(await readBackOf(bearing(read), kind, undefined, guarded)).toEqual({ read: [1, 2, 3], notes: [] });
  expect(await readBackOf(bearing(read), kind, () => kind.notes.clear(), guarded)).toEqual({
    read: [],
    notes: [],
  });
});

test(noEcho.part, async () => {
  const kind = counting();
  const slugged: Kind = {
    ...kind,
    nameOf: (note) => `${kind.nameOf(note)}/${note.note}`,
    find: (name) => kind.find(name.split('/')[0]!),
  };
  const both = byValue
    .replace('{ n: $.n }', '{ n: { json: $.n, pattern: "^[0-9]+" }, slug: { json: $.n, pattern: "[^/]+$" } }')
    .replace('/notes/{{n}}', '/notes/{{n}}/{{slug}}');
  expect(await readBackOf(both, slugged)).toEqual({ read: [1, 2, 3], notes: [] });
});

test(noEcho.accounts, async () => {
  const bios = Array.from({ length: 500 }, (_, account) => ({ ref: String(account), note: 'as it was' }));
  const accounts: Kind = {
    nameOf: ({ ref, note }) => {
      bios[Number(ref)] = { ref, note };
      return ref;
    },
    find: (name) => bios[Number(name)],
  };
  const numbered = byValue
    .replace('ref: "{{id}}"', 'ref: "{{id mod 500}}"')
    .replace('/notes/{{n}}', '/notes/{{id mod 500}}');
  expect((await readBackOf(numbered, accounts)).read).toEqual([1, 2, 3]);
});

test(carried.sealed.beside, async () => {
  const kind = keeping(long);
  const gone = (): void => {
    for (const [name, { ref }] of kind.notes) if (ref === '2') kind.notes.delete(name);
  };
  expect(await readBackOf(byValue, kind, gone)).toEqual({
    read: [1, 3],
    notes: [expect.stringMatching(/^note: .* was never seen, .*`remove`/) as string],
  });
});

test(`${carried.prefix.beside}: a total loss is one`, async () => {
  const kind = keeping(() => randomUUID());
  expect((await readBackOf(byValue, kind, () => kind.notes.clear())).read).toEqual([]);
});

const value = valueFor(1, 1, 1);
const signature = (bytes: number): string =>
  createHmac('sha256', key)
    .update(value)
    .digest('hex')
    .slice(0, 2 * bytes);
test.each<[string, string, Carried]>([
  ...lookedUp.map(([name, of]) => [name, of(value), null] satisfies [string, string, Carried]),
  ['the value, signed', `${value}.${createHmac('sha256', key).update(value).digest('hex')}`, 'value'],
  ['base64 of the value', base64(value), 'value'],
  ['the same behind a prefix', `v1_${base64(value)}`, 'value'],
  ['base64 of its bytes', Buffer.from(value, 'hex').toString('base64'), 'value'],
  ['hexadecimal of the value', Buffer.from(value).toString('hex'), 'value'],
  ['a signed token that holds it', signed({ note: value }), 'value'],
  ['a token of 256 bits', randomBytes(32).toString('hex'), 'perhaps'],
  ['a sealed token', sealed.nameOf({ ref: '1', note: value }), 'perhaps'],
  ['a UUID in a path', `/api/v1/orders/${randomUUID()}`, null],
  ['a UUID in a URL', `https://api.shop.example/v1/tenants/42/orders/${randomUUID()}?expand=lines`, null],
  ['a number in a long URL', 'https://api.shop.example/v1/customers/orders/confirmed/4711', null],
  ['the value as a part of a URL', `https://shop.example/articles/drafts/${value}/preview`, null],
  ['the value in a URL that signs it', `https://a.example/n?v=${value}&sig=${signature(16)}`, 'value'],
  ['the same, by SHA-1', `https://a.example/n?v=${value}&sig=${signature(20)}`, 'value'],
  ['the same, by SHA-256', `https://a.example/n?v=${value}&sig=${signature(32)}`, 'value'],
  ['the value and its signature in a path', `/n/${value}/${signature(16)}`, 'value'],
  ['a sealed token in a URL', `/share/${sealed.nameOf({ ref: '1', note: value })}`, 'perhaps'],
  ['a signed token in a URL', `https://a.example/share?t=${signed({ note: value })}&page=1`, 'value'],
])('%s', (_, name, expected) => {
  expect(carriedIn(name, value)).toBe(expected);
});
