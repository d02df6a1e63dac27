import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { InputErrors, MusterError } from '../../core/errors.ts';
import { planDrill, type Plan } from '../../engine/plan.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { scratch } from '../support/scratch.ts';

export const provider = createStackProvider({ progress: () => undefined });

/** A strategy and a scenario that fit: each test changes a word of them. */
const compose = `services:
  store: { image: redis, ports: ['127.0.0.1::6379'] }
  front: { image: nginx }
`;
const strategy = `strategy: test
stack: ./compose.yml
components:
  store:
    driver: redis
    clients: { service: front, port: 6379 }
    objectives: { rto: 5m, rpo: 15m }
    backups:
      snapshot: { method: rdb, every: 5m, copies: [here] }
  base:
    driver: mysql
    service: front
    objectives: { rto: 5m, rpo: 15m }
    backups:
      daily: { method: dump, every: 24h, copies: [here, there] }
      weekly: { method: dump, every: 7d, copies: [here] }
      log: { method: binlog, copies: [here] }
stores:
  here: { kind: directory }
  there: { kind: directory }
`;
const scenario = `scenario: test
strategy: ./strategy.yaml
title: A test
timeScale: 60
load: { tokens: { target: store, rate: 200/s } }
protect: [store.snapshot]
fault: { wipe-volume: store, at: worst }
recover: [{ restore: store, from: here }]
check: [ledger, ttl]
`;

export async function plan(
  change: {
    scenario?: (text: string) => string;
    strategy?: (text: string) => string;
    compose?: (text: string) => string;
    /** The folder that they lie in. */
    own?: string;
  } = {},
): Promise<Plan> {
  const own = change.own ?? mkdtempSync(join(scratch, 'case-'));
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'compose.yml'), change.compose?.(compose) ?? compose);
  writeFileSync(join(own, 'strategy.yaml'), change.strategy?.(strategy) ?? strategy);
  writeFileSync(join(own, 'scenario.yaml'), change.scenario?.(scenario) ?? scenario);
  return planDrill(join(own, 'scenario.yaml'), registries, provider);
}

/** The first error, as `file:line:column message | found | expected | hint`. */
export async function refusal(change: Parameters<typeof plan>[0]): Promise<string> {
  const error: unknown = await plan(change).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MusterError)) throw new Error(`not refused as it should be: ${String(error)}`);
  expect(error.trouble).toBe('input');
  const first = error instanceof InputErrors ? error.all[0]! : error;
  const place = first.at ? `${first.at.file.split('/').at(-1)}:${first.at.line}:${first.at.column} ` : '';
  return `${place}${first.message} | ${first.found ?? ''} | ${first.expected ?? ''} | ${first.hint ?? ''}`;
}
export const inScenario = (from: string | RegExp, to: string) => ({
  scenario: (text: string) => text.replace(from, to),
});
export const inStrategy = (from: string | RegExp, to: string | (() => string)) => ({
  strategy: (text: string) => text.replace(from, to as () => string),
});
