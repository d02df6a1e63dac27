import { swap, type Variant } from './variant.ts';

export const variants: Variant[] = [
  {
    scenario: 'valkey/valkey-volume-lost',
    why: 'the snapshot is put beside an append-only file, which is what the server loads',
    change: (files) => ({
      ...files,
      scenario: `${swap(files.scenario, 'from: volume }', 'from: volume, options: { order: copy } }')}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['rpo/valkey'] },
  },
];
