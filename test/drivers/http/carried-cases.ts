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
  sealed: {
    name: 'a sealed token that holds the value, where nothing is removed or listed',
    exit: 'nothing read back',
    beside: 'a long token by which a part is found absent',
  },
  session: {
    name: 'a signed token that is right for ever, read without a value',
    exit: 'nothing read back',
    beside: 'the same in a list of those that are there',
  },
} as const;

/** Names by which a record can but be looked up, of the value that is given. */
export const lookedUp: readonly (readonly [name: string, of: (value: string) => string])[] = [
  ['a number', () => '4711'],
  ['a UUID', () => randomUUID()],
  ['a ULID', () => '01ARZ3NDEKTSV4RRFFQ69G5FAV'],
  ['a nanoid', () => 'V1StGXR8_Z5jdHi6B-myT'],
  ['a SHA-1', () => '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12'],
  ['a UUID that is the value', (value) => value.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')],
  ['the value in a short name', (value) => `note-${value.toUpperCase()}-1`],
];
export const noEcho = {
  part: 'a part of a name at which the service does not look',
  accounts: 'accounts that have been there, of which each record is one',
} as const;
