import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A strategy of one component in memory, beside which scenarios are written: `strategy.yaml`. */
export const writeStrategy = (folder: string): void =>
  writeFileSync(
    join(folder, 'strategy.yaml'),
    `strategy: memory
stack: none
components:
  base:
    driver: memory
    objectives: { rto: 5m, rpo: 15m }
    backups: { snapshot: { method: copy, every: 1m, encrypt: aes-256, copies: [a] } }
stores: { a: { kind: directory } }
`,
  );

/** A scenario of it, with a line for each of these and for what `change` says otherwise. */
export const writeScenario = (
  file: string,
  { scenario, title, fault, sweep, ...change }: Record<string, string>,
): void => {
  const lines = {
    scenario,
    strategy: './strategy.yaml',
    title,
    timeScale: '30',
    points: '2',
    settle: '2s',
    giveUp: '5s',
    load: '{ rows: { target: base, rate: 200/s } }',
    protect: '[base.snapshot]',
    fault: fault ?? '{ wipe-volume: base }',
    ...(sweep === undefined ? {} : { sweep }),
    recover: '[{ restore: base, from: a }]',
    check: '[ledger]',
    ...change,
  };
  writeFileSync(
    file,
    Object.entries(lines)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(''),
  );
};
