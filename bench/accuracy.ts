/**
 * Is the measured RTA right? A drill kills Redis; an independent prober in another process polls every
 * millisecond by the same way in. Both ends of the outage are compared on the machine's monotonic clock.
 *
 *   node bench/accuracy.ts [runs]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { registries } from '../cli/registries.ts';
import { systemClock } from '../core/clock.ts';
import type { Stack, StackProvider } from '../core/stack.ts';
import { firstOf } from '../core/timeline.ts';
import { judgeRun } from '../evidence/bundle.ts';
import { runDrill } from '../engine/drill.ts';
import { planDrill } from '../engine/plan.ts';
import { createStackProvider } from '../stack/provider.ts';
import { createRunEnvironment } from '../stack/run-environment.ts';
import { existingReader } from '../stores/existing/reader.ts';
import { createRepository } from '../stores/repository.ts';
import { eventsIn } from '../test/support/recorded.ts';

interface Change {
  answered: boolean;
  atMs: number;
  sinceLastProbeMs: number;
}
const runs = Number(process.argv[2] ?? 3);
const scenario = join(import.meta.dirname, 'accuracy/redis-crash.yaml');

async function once(): Promise<{
  musterMs: number;
  resolutionMs: number;
  proberMs: number;
  proberPeriodMs: number;
}> {
  const changes: Change[] = [];
  let prober: ChildProcess | null = null;
  const real = createStackProvider({ progress: () => undefined });
  const watched: StackProvider = {
    describe: real.describe,
    contain: real.contain,
    up: async (options) => {
      const stack: Stack = await real.up(options);
      const { host, port } = await stack.services.get('toxiproxy')!.endpoint(6379);
      prober = spawn(
        process.execPath,
        [join(import.meta.dirname, 'prober.ts'), host, String(port), 'nobody'],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      createInterface({ input: prober.stdout! }).on(
        'line',
        (line) => void changes.push(JSON.parse(line) as Change),
      );
      return stack;
    },
  };
  const { environment } = await createRunEnvironment();
  const plan = await planDrill(scenario, registries, watched);
  const home = mkdtempSync(join(tmpdir(), 'muster-accuracy-'));
  try {
    const { folder } = await runDrill(
      plan,
      {
        registries,
        provider: watched,
        makeRepository: createRepository,
        existing: existingReader,
        clock: systemClock,
        environment,
        home,
        version: 'bench',
        host: {},
        progress: () => undefined,
      },
      { seed: 1, keepStack: false, signal: new AbortController().signal },
    );
    const { result } = judgeRun(folder, registries);
    const events = eventsIn(folder);
    const faultMs = firstOf(events, 'drill.begun')!.data.originMonotonicMs + result.time.faultMs!;
    // The last return to answering before the stack went down.
    const downMs =
      firstOf(events, 'drill.begun')!.data.originMonotonicMs +
      result.phases.find((one) => one.phase === 'heal')!.beginMs;
    const back = changes.filter((one) => one.answered && one.atMs > faultMs && one.atMs < downMs).at(-1);
    if (!back || result.time.rtaMs === null)
      throw new Error(
        `nothing to compare: RTA ${result.time.rtaMs}, the prober saw ${JSON.stringify(changes)}`,
      );
    return {
      musterMs: result.time.rtaMs,
      resolutionMs: result.time.resolutionMs!,
      proberMs: back.atMs - faultMs,
      proberPeriodMs: back.sinceLastProbeMs,
    };
  } finally {
    (prober as ChildProcess | null)?.kill('SIGKILL');
  }
}

let worst = 0;
for (let run = 1; run <= runs; run += 1) {
  const { musterMs, resolutionMs, proberMs, proberPeriodMs } = await once();
  const apart = Math.abs(musterMs - proberMs);
  worst = Math.max(worst, apart / Math.max(resolutionMs, proberPeriodMs));
  console.log(
    `run ${run}: RTA by Muster ${musterMs.toFixed(2)} ms (resolution ${resolutionMs.toFixed(2)} ms), by the prober ${proberMs.toFixed(2)} ms (its probe before: ${proberPeriodMs.toFixed(2)} ms): ${apart.toFixed(2)} ms apart`,
  );
}
console.log(`worst difference: ${worst.toFixed(2)} probe periods (at most 1 is asked for)`);
process.exitCode = worst <= 1 ? 0 : 1;
