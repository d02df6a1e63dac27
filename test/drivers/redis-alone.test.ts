import { describe, expect, test } from 'vitest';
import { doubtOfAlone, type Alone } from '../../drivers/redis/alone.ts';
import type { Peer } from '../../drivers/redis/peers.ts';

const redis: Peer = {
  name: 'redis',
  address: { endpoint: () => Promise.reject(new Error('nobody is asked')) },
  runId: 'of redis',
  isPrimary: true,
  history: 'of redis',
  historyBefore: '',
  written: 1,
  takesWrites: true,
};
const promoted: Alone = {
  state: { role: 'replica', servesByStep: false },
  takesWrites: true,
  clients: null,
  rival: null,
  unclear: null,
  isSure: true,
};

describe('a replica that is a primary by itself now', () => {
  test.for<[string, Partial<Alone>, string]>([
    ['clients are at its source, which takes writes', { clients: redis }, 'fails'],
    ['its source takes writes, and nobody knows where clients are', { rival: redis }, 'unsure'],
    ['its source may run, and cannot be asked', { unclear: 'it cannot be asked' }, 'unsure'],
    ['it takes no writes', { takesWrites: false }, 'fails'],
    ['it takes no writes, and clients are elsewhere', { takesWrites: false, clients: redis }, 'fails'],
    [
      'a step promoted it, and clients are at its source',
      { clients: redis, state: { role: 'primary', servesByStep: true } },
      'unsure',
    ],
  ])('%s: no pass', ([, over, kind]) => {
    expect(doubtOfAlone({ ...promoted, ...over })).toMatchObject({ kind });
  });

  test.for<[string, Partial<Alone>]>([
    ['its source is dead, or follows it', {}],
    ['clients are at this one', { clients: 'here', rival: redis }],
    ['a step promoted it', { rival: redis, state: { role: 'primary', servesByStep: true } }],
    ['it was fenced', { takesWrites: false, clients: redis, state: { role: 'fenced', servesByStep: false } }],
  ])('%s: nothing against it', ([, over]) => {
    expect(doubtOfAlone({ ...promoted, ...over })).toBeNull();
  });
});
