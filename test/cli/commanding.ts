/** Has a drill's folder, and runs a script of the drill on the host there, as a drill does, until it ends. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { runOnHost } from '../../engine/host-command.ts';
import { noteCommand, ownerFacts } from '../../engine/noted-commands.ts';
import { markScratch, toolsIn } from '../../engine/scratch.ts';
import { currentOwner, ownerIsGone } from '../../stack/owner.ts';

const [, , folder, script] = process.argv as [string, string, string, string];
const drill = { folder, owner: { owner: currentOwner(), isGone: ownerIsGone } };
mkdirSync(folder, { recursive: true });
markScratch(folder, currentOwner(), false);
mkdirSync(toolsIn(drill));
await runOnHost({
  argv: ['sh', '-c', script],
  folder: join(folder, '..'),
  env: { PATH: process.env['PATH']!, TOOLS: toolsIn(drill), ...ownerFacts(drill) },
  limit: new AbortController().signal,
  stdout: (chunk) => void process.stdout.write(chunk),
  stderr: (chunk) => void process.stderr.write(chunk),
  begun: (pid) => noteCommand(drill, pid),
});
// Whoever watches it ends it.
await systemClock.sleep(600_000);
