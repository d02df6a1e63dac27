import { cpSync, globSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { readChain, type ChainCheck } from '../../evidence/chain.ts';
import { labels } from '../../stack/owner.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { marked } from '../../stack/marked.ts';
import type { Muster } from '../support/muster.ts';

const files = join(import.meta.dirname, '../fixtures/accidents');

/**
 * A folder of its own with the small stack, its strategy and its scenario; `change` may alter each of them.
 */
export function accidentFolder(change: (file: string, text: string) => string = (_, text) => text): string {
  const folder = mkdtempSync(join(tmpdir(), 'muster-accident-'));
  cpSync(files, folder, { recursive: true });
  for (const file of readdirSync(folder))
    writeFileSync(join(folder, file), change(file, readFileSync(join(folder, file), 'utf8')));
  return folder;
}

/** The bundles that a folder's drills left, oldest first. */
export const bundlesIn = (folder: string): string[] =>
  globSync('.muster/drills/*', { cwd: folder })
    .sort()
    .map((bundle) => join(folder, bundle));
export const timelineOf = (bundle: string): ChainCheck =>
  readChain(readFileSync(join(bundle, 'events.jsonl'), 'utf8'));

/** Names of everything in the engine that carries the label of one of these bundles' drills. */
export async function leftOf(bundles: readonly string[]): Promise<string[]> {
  const runtime = await getRuntime();
  const left = await Promise.all(
    bundles.map((bundle) => marked(runtime, [`${labels.drill}=${basename(bundle)}`])),
  );
  return left.flat().map((each) => `${each.kind} ${each.name}`);
}

/**
 * Ends a Muster as the kernel would, and waits until it is gone. Its children, which Ctrl-C in a terminal
 * would reach, live on.
 */
export async function killed(muster: Muster): Promise<void> {
  muster.child.kill('SIGKILL');
  await muster.ended;
}

/** Ctrl-C in a terminal: every process of the group gets it, a `docker compose up` as well. */
export const interrupted = (muster: Muster): void => void process.kill(-muster.child.pid!, 'SIGINT');

export const pause = (ms: number): Promise<void> => systemClock.sleep(ms);
