import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { json, type Bad } from './shop.ts';

export interface Note {
  ref: string;
  note: string;
}
/** How a service names a note, and what it answers by that name; undefined where there is none. */
export interface Kind {
  nameOf(note: Note): string;
  find(name: string): Partial<Note> | undefined;
  remove?(name: string): void;
  rewrite?(name: string, note: string): void;
  all?(): Note[];
}
export const serving =
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
export function keeping(named: (note: Note) => string): Kind & { notes: Map<string, Note> } {
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
export const base64 = (text: string): string => Buffer.from(text).toString('base64url');
/** As RFC 7519 has it. */
export const signed = (payload: object): string => {
  const body = `${base64('{"alg":"HS256"}')}.${base64(JSON.stringify(payload))}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
};
export const payloadOf = <Payload>(token: string): Payload | undefined => {
  const payload = JSON.parse(
    Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || 'null',
  ) as Payload;
  return payload && signed(payload as object) === token ? payload : undefined;
};
export const tokens: Kind = { nameOf: signed, find: (name) => tried(() => payloadOf<Note>(name)) };
export const tried = <Value>(work: () => Value): Value | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};
/** As a session cookie is: nobody but the service sees what is in it. */
export const sealed: Kind = {
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
export const signature = (value: string, bytes: number): string =>
  createHmac('sha256', key)
    .update(value)
    .digest('hex')
    .slice(0, 2 * bytes);

export const echoing: Kind = { nameOf: ({ note }) => note, find: (note) => ({ note }) };
export const prefixed: Kind = {
  nameOf: ({ note }) => `note_${note}`,
  find: (name) => (name.startsWith('note_') ? { note: name.slice('note_'.length) } : undefined),
};
/** Says the value to whoever has its signature, or, where there is but one, the token of all. */
export const signing = (tokenOf: (note: string) => string): Kind => ({
  nameOf: ({ note }) => `http://localhost:3000/notes/${note}?sig=${tokenOf(note)}`,
  find: (name) => {
    const [, note, token] = /\/notes\/(\w+)\?sig=(\w+)$/.exec(name) ?? [];
    return note !== undefined && token === tokenOf(note) ? { note } : undefined;
  },
});
/** Has the value in letters of its own, and a short signature behind them. */
export const coded: Kind = {
  nameOf: ({ note }) => `${BigInt(`0x1${note}`).toString(36)}${signature(note, 12)}`,
  find: (name) => {
    const digits = [...name.slice(0, -24)].map((digit) => BigInt(Number.parseInt(digit, 36)));
    const note = digits
      .reduce((sum, digit) => sum * 36n + digit, 0n)
      .toString(16)
      .slice(1);
    return signature(note, 12) === name.slice(-24) ? { note } : undefined;
  },
};
/** Of a token that it takes no more it keeps that, and nothing else. */
export const denying = (): Kind => {
  const denied = new Set<string>();
  return {
    ...tokens,
    find: (name) => (denied.has(name) ? undefined : tokens.find(name)),
    remove: (name) => void denied.add(name),
  };
};
