import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TimelineEvent } from '../../core/timeline.ts';
import { firstHash, hashEvent } from '../../core/chain.ts';

type Damage = [what: string, alter: (bundle: string) => void, says: RegExp];

const edit = (bundle: string, change: (lines: string[]) => string[]): void => {
  const path = join(bundle, 'events.jsonl');
  writeFileSync(path, `${change(readFileSync(path, 'utf8').trimEnd().split('\n')).join('\n')}\n`);
};

/**
 * The whole chain made anew over altered events, as somebody would who knows the format: only the manifest
 * tells.
 */
const rechained = (bundle: string, change: (line: string) => string): void =>
  edit(bundle, (lines) => {
    let prev = firstHash;
    return lines.map((line) => {
      const { hash: _, ...event } = { ...(JSON.parse(change(line)) as TimelineEvent), prev };
      prev = hashEvent(event as Omit<TimelineEvent, 'hash'>);
      return JSON.stringify({ ...event, hash: prev });
    });
  });

/** Each is told by `muster report`, and none passes. */
export const damages: Damage[] = [
  [
    'a timeline that is cut off',
    (bundle) => truncateSync(join(bundle, 'events.jsonl'), statSync(join(bundle, 'events.jsonl')).size - 40),
    /events\.jsonl line \d+: last line is cut off/,
  ],
  [
    'a timeline that ends in the middle of the drill',
    (bundle) => edit(bundle, (lines) => lines.slice(0, 30)),
    /./,
  ],
  [
    'an event that was edited',
    (bundle) => edit(bundle, (lines) => lines.map((line) => line.replace('"atMs":', '"atMs":1'))),
    /line 1: content does not match its hash|holds no drill/,
  ],
  [
    'an event that was taken out',
    (bundle) => edit(bundle, (lines) => lines.filter((line) => !line.includes('"fault.injected"'))),
    /sequence number/,
  ],
  [
    'a ledger with one bit changed',
    (bundle) => {
      const path = join(bundle, 'ledger.bin');
      const bytes = readFileSync(path);
      bytes[500]! ^= 1;
      writeFileSync(path, bytes);
    },
    /bytes \d+ to \d+ do not match/,
  ],
  [
    'a ledger that is cut off',
    (bundle) => truncateSync(join(bundle, 'ledger.bin'), 640),
    /ledger ends at byte 640/,
  ],
  [
    'a first event whose kind would steer a terminal',
    (bundle) => rechained(bundle, (line) => line.replace('"seq":0', '"seq":"\\u001b[2J"')),
    /line 1: sequence number \\x1b\[2J, expected 0/,
  ],
  [
    'a manifest whose words would steer a terminal',
    (bundle) => {
      const path = join(bundle, 'manifest.json');
      const manifest = JSON.parse(readFileSync(path, 'utf8')) as object;
      writeFileSync(path, JSON.stringify({ ...manifest, drill: '\u001b[2J\u001b[32mPASS\u202e' }));
    },
    /is that of drill \\x1b\[2J\\x1b\[32mPASS\\u202e/,
  ],
  [
    'a ledger that was emptied',
    (bundle) => truncateSync(join(bundle, 'ledger.bin'), 0),
    /ledger ends at byte 0/,
  ],
];

/** Each ends inconclusive, and gets no new manifest. */
export const forgeries: Damage[] = [
  [
    'a timeline that was made anew, chain and all',
    (bundle) => rechained(bundle, (line) => line.replace('"seed":7', '"seed":8')),
    /events\.jsonl is not what manifest\.json says: SHA-256 [0-9a-f]{12}…, expected [0-9a-f]{12}…/,
  ],
  [
    'a manifest of another timeline',
    (bundle) =>
      writeFileSync(
        join(bundle, 'manifest.json'),
        readFileSync(join(bundle, 'manifest.json'), 'utf8').replace(
          /("sha256": ")(.)/,
          (_, key: string, digit: string) => `${key}${digit === '0' ? '1' : '0'}`,
        ),
      ),
    /events\.jsonl is not what manifest\.json says/,
  ],
  [
    'a manifest that leaves the ledger out',
    (bundle) =>
      writeFileSync(
        join(bundle, 'manifest.json'),
        readFileSync(join(bundle, 'manifest.json'), 'utf8').replace('ledger.bin', 'other.bin'),
      ),
    /manifest\.json says nothing of ledger\.bin/,
  ],
  [
    'a timeline that was made anew, and no manifest',
    (bundle) => {
      rechained(bundle, (line) => line.replace('"seed":7', '"seed":8'));
      rmSync(join(bundle, 'manifest.json'));
    },
    /manifest\.json is missing: Muster was ended before it vouched for this drill, or somebody took it away/,
  ],
  [
    'a manifest that is none',
    (bundle) => writeFileSync(join(bundle, 'manifest.json'), '{}'),
    /manifest\.json is not a bundle's manifest/,
  ],
];
