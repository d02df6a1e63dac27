import type { Variant } from './variant.ts';

export const variants: Variant[] = [
  {
    scenario: 'mariadb/mariadb-dropped-table',
    why: 'the log is replayed past the mistake',
    change: (files) => ({
      ...files,
      scenario: `${files.scenario.replace(/until: \{.*\} \}/, 'until: latest }')}giveUp: 10s\n`,
    }),
    expect: { exitCode: 1, fails: ['check/db.inventory'] },
  },
];
