import type { MemoryDrill } from '../support/memory-drill.ts';

/** A drill that passes, and which backups it proves; `beside`: one that proves more. */
export interface UnprovenCase {
  name: string;
  drill: MemoryDrill;
  proven: string[];
  beside: { name: string; drill: MemoryDrill; proven: string[] };
}

const copies = (...names: string[]): string =>
  names.map((name) => `${name}: { method: copy, every: 1m, encrypt: aes-256, copies: [a] }`).join(', ');

/** Another component than the usual one, with backups of these names. */
const beside = (name: string, ...backups: string[]): Record<string, string> => ({
  [name]: `{ driver: memory, objectives: { rto: 5m, rpo: 15m }, backups: { ${copies(...backups)} } }`,
});

/** Two backups of one component, both taken; `recover` restores. */
const ofTwo = (name: string, recover: string): MemoryDrill => ({
  beside: beside(name, 'one', 'two'),
  scenario: {
    load: `{ rows: { target: ${name}, rate: 200/s } }`,
    protect: `[${name}.one, ${name}.two]`,
    fault: `{ wipe-volume: ${name}, at: +9s }`,
    recover,
  },
});

/** A component that nobody broke is restored beside the one that was; `more` of the scenario. */
const unbroken = (name: string, more: Record<string, string> = {}): MemoryDrill => ({
  beside: beside(name, 'one'),
  scenario: {
    seed: `[{ run: seed, with: { rows: 50 }, target: ${name} }]`,
    protect: `[store.snapshot, ${name}.one]`,
    fault: '{ wipe-volume: store, at: +9s }',
    recover: `[{ restore: store, from: b }, { restore: ${name}, from: a }]`,
    ...more,
  },
});

export const unproven: UnprovenCase[] = [
  {
    name: 'nothing of a backup over which another one was restored',
    drill: ofTwo(
      'restored-over',
      '[{ restore: restored-over, backup: one, from: a }, { restore: restored-over, backup: two, from: a }]',
    ),
    proven: ['restored-over.two'],
    beside: {
      name: 'a backup that is restored, and another one left alone',
      drill: ofTwo('restored-once', '[{ restore: restored-once, backup: one, from: a }]'),
      proven: ['restored-once.one'],
    },
  },
  {
    name: 'nothing of a backup that was held against nothing, though the ledger of others is right',
    drill: unbroken('held-against-nothing', {
      decline: '{ held-against-nothing.inventory: "nobody knows what is in it" }',
    }),
    proven: ['store.snapshot'],
    beside: {
      name: 'a backup of a component that nobody broke, by its inventory',
      drill: unbroken('held-against-its-own'),
      proven: ['store.snapshot', 'held-against-its-own.one'],
    },
  },
];
