import { randomUUID } from 'node:crypto';

/**
 * What a journey is read by, which may say by itself what was written. `beside`: nearly the same and right.
 */
export const carried = {
  echo: {
    name: 'a search that says what it was asked for, by a capture that is the value',
    exit: '69, before anything is broken',
    beside: 'a name made of the value, of a service that looks it up',
  },
  prefix: {
    name: 'the same, where only what begins so is no error',
    exit: '69, before anything is broken',
    beside: 'an identifier by which a record is looked up, where nothing is removed or listed',
  },
  whatever: {
    name: 'a read that answers 200 whatever is asked for, to whoever has a token',
    exit: '69, before anything is broken',
    beside: 'a read by a number and a signed token, where nothing is removed or listed',
  },
  signed: {
    name: 'a signed token that holds the value, of a service that keeps nothing',
    exit: '69, before anything is broken',
    beside: 'the same, by which another value is read once it was rewritten',
  },
  signedRemoved: {
    name: 'the same, which has a list of those that it takes no more',
    exit: '69, before anything is broken',
    beside: 'a long token that is removed',
  },
  beside: {
    name: 'a URL that has the value and its signature, and is the same but for these in each record',
    exit: '69, before anything is broken',
    beside: 'a long URL that has the value, of a service that looks it up',
  },
  standing: {
    name: 'a URL that has the value and a token which is the same in each record',
    exit: '69, before anything is broken',
    beside: 'a path of the day that has the value, where nothing is removed or listed',
  },
  sealed: {
    name: 'a sealed token that holds the value, where nothing is removed or listed',
    exit: 'nothing read back',
    beside: 'a long token by which a part is found absent',
  },
  coded: {
    name: 'the value in letters of the service with a short signature, where nothing is removed or listed',
    exit: 'nothing read back',
    beside: 'the same name of a service that looks it up, and removes',
  },
  session: {
    name: 'a signed token that is right for ever, read without a value',
    exit: 'nothing read back',
    beside: 'the same in a list of those that are there',
  },
} as const;

const tenant = randomUUID();
let objects = 0xfffe;
/** Of one process: its own number, and a count. */
const object = (): string => `1a9c3e77b2d4${(objects += 1).toString(16).padStart(6, '0')}`;

/** Names by which a record can but be looked up, of the value that is given. */
export const lookedUp: readonly (readonly [name: string, of: (value: string) => string])[] = [
  ['a number', () => '4711'],
  ['a UUID', () => randomUUID()],
  ['a ULID', () => '01ARZ3NDEKTSV4RRFFQ69G5FAV'],
  ['a nanoid', () => 'V1StGXR8_Z5jdHi6B-myT'],
  ['a SHA-1', () => '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12'],
  ['a UUID that is the value', (value) => value.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')],
  ['the value in a short name', (value) => `note-${value.toUpperCase()}-1`],
  ['the value in a name of many words', (value) => `user-uploads-of-customers-${value}-final.json`],
  ['the value in a URL with a port', (value) => `http://localhost:3000/notes/${value}`],
  ['the value at a host with digits', (value) => `https://api-v2.example.com/notes/${value}`],
  ['the value in a path of a day', (value) => `uploads/2026/11/30/${value}.pdf`],
  ['the value in a folder of uploads', (value) => `user-uploads/${value}.json`],
  ['the value in a bucket', (value) => `s3://bucket-1/docs/${value}`],
  ['the value twice', (value) => `https://shop.example/articles/${value}/${value}.html`],
  ['the value behind a UUID of its own', (value) => `/notes/${randomUUID()}/${value}`],
  ['the value behind the UUID of a tenant', (value) => `/notes/${tenant}/${value}`],
  ['the value behind an ObjectId', (value) => `/notes/674b1f${object()}/${value}`],
  ['the value as a part of a URL', (value) => `https://shop.example/articles/drafts/${value}/preview`],
  ['a UUID in a path', () => `/api/v1/orders/${randomUUID()}`],
  ['a UUID in a folder of a day', () => `uploads/2026/11/30/customers/invoices/${randomUUID()}.pdf`],
  [
    'UUIDs in a URL',
    () => `https://api.shop.example/v1/tenants/${randomUUID()}/orders/${randomUUID()}?all=1`,
  ],
  ['a number in a long URL', (value) => `https://api.shop.example/v1/customers/orders/${value.length}4711`],
];
export const noEcho = {
  part: 'a part of a name at which the service does not look',
  accounts: 'accounts that have been there, of which each record is one',
} as const;
