import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { valueFor } from '../../../core/ledger.ts';
import { carried, noEcho } from './carried-cases.ts';
import {
  coded,
  denying,
  echoing,
  keeping,
  payloadOf,
  prefixed,
  sealed,
  serving,
  signature,
  signed,
  signing,
  tokens,
  tried,
  type Kind,
} from './carried-kinds.ts';
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

test.each([
  [carried.echo.name, byValue, echoing, /reading what nobody wrote: it is answered as what is there is/],
  [carried.prefix.name, byValue, prefixed, /reading what nobody wrote: it is answered as what is there is/],
  [carried.signed.name, byValue, tokens, /reading what was written: what `read` asks by holds the value/],
  [
    carried.beside.name,
    byValue,
    signing((note) => signature(note, 16)),
    /reading what was written: what `read` asks by holds the value/,
  ],
  [
    carried.standing.name,
    byValue,
    signing(() => signature('all', 32)),
    /reading what nobody wrote: it is answered as what is there is/,
  ],
  [
    carried.signedRemoved.name,
    journey(', value: $.note', removing),
    denying(),
    /reading what was written: what `read` asks by holds the value/,
  ],
])('%s: the drill ends there', (_, yaml, kind, expected) => endsTheDrill(yaml, serving(kind), expected));

test.each([
  [carried.sealed.name, byValue, sealed],
  [carried.coded.name, byValue, coded],
  [carried.session.name, alone, tokens],
])('%s: nothing is concluded', async (_, yaml, kind) => {
  await expect(readBackOf(yaml, kind)).rejects.toThrow(/none of 3 records was found absent/);
});

test.each([
  [carried.echo.beside, byValue, keeping(({ note }) => `${note}-x7`)],
  [carried.prefix.beside, byValue, keeping(() => randomUUID())],
  [carried.signed.beside, journey(', value: $.note', rewriting), keeping(signed)],
  [carried.signedRemoved.beside, journey(', value: $.note', removing), keeping(long)],
  [
    carried.beside.beside,
    journey(', value: $.note', removing),
    keeping(({ note }) => `https://api-v2.example.com/customers/notes/drafts/${note}/preview`),
  ],
  [carried.standing.beside, byValue, keeping(({ note }) => `uploads/2026/11/30/${note}.pdf`)],
  [carried.coded.beside, journey(', value: $.note', removing), keeping(coded.nameOf)],
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
