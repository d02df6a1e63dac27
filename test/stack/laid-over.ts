import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { composeConfig, type ComposeConfig } from '../../stack/compose.ts';
import { noRules } from '../../stack/containment.ts';
import { assertContained } from '../../stack/laid.ts';
import { movedOf } from '../../stack/moved.ts';
import type { MovedService, Ways } from '../../stack/moved-shape.ts';
import { nothingLaid, overrideOf } from '../../stack/override.ts';
import { overrideText } from '../../stack/override-file.ts';

export const folder = mkdtempSync(join(tmpdir(), 'muster-moved-'));
const file = join(folder, 'compose.yml');
const over = join(folder, 'override.yml');
const run = {
  file,
  project: 'muster-d1',
  labels: { 'muster.drill': 'd1' },
  environment: { MUSTER_ROOT_PASSWORD: 'known' },
};

interface Laid {
  lines: string[];
  merged: ComposeConfig;
  service(name: string): MovedService;
}

/** What Compose makes of a file with what a drill lays over it; the file stays as it was. */
export async function laid(
  text: string,
  ways: Ways = {},
  set: Parameters<typeof movedOf>[3] = {},
): Promise<Laid> {
  writeFileSync(file, text);
  const config = await composeConfig(run);
  const moved = movedOf(config, run, ways, set);
  writeFileSync(over, overrideText(overrideOf(config, run, moved)));
  const merged = await composeConfig(run, { override: over });
  expect(readFileSync(file, 'utf8')).toBe(text);
  assertContained(merged, nothingLaid, { ...noRules, environment: set }, run.project);
  return { lines: moved.lines, merged, service: (name) => merged.services[name] as MovedService };
}
/** A compose file of one service. */
export const one = (keys: string, rest = ''): string => `services:\n  web: { image: x, ${keys} }\n${rest}`;
