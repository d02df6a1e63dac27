import { rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { WaitStrategy } from 'testcontainers';
import { MusterError } from '../core/errors.ts';
import { composeTrouble, type ComposeConfig, type ComposeRun } from './compose.ts';
import { overrideText } from './override-file.ts';
import { settledOf, settledText, type Settled } from './settled.ts';
import { temporaryFolder } from './temporary.ts';

const settledFile = 'drill.yml';

/**
 * `docker compose up` through testcontainers; of one service alone where it is named, else of all that are
 * `kept`. `check` is given what Compose makes of both files just before it starts any, and `before` has
 * settled by then. It starts from just that, and gives it: no change of a file comes between, and whoever has
 * Compose act by it later finds nothing that differs.
 * Environment error with Compose's own last lines when it fails.
 */
export async function composeUp(
  run: ComposeRun,
  override: object,
  check: (merged: ComposeConfig) => void,
  {
    kept,
    only,
    meanwhile,
    before,
  }: {
    kept: readonly string[];
    only?: string;
    meanwhile?: (() => void) | undefined;
    before?: Promise<void> | undefined;
  },
): Promise<Settled> {
  const folder = await temporaryFolder('compose');
  try {
    const overrideFile = join(folder, 'override.yml');
    await writeFile(overrideFile, overrideText(override), { mode: 0o600 });
    const reading = settledOf(run, overrideFile, kept, meanwhile);
    // Whoever is told that this failed takes down what there is: nothing may still be under way.
    await Promise.allSettled([reading, before]);
    await before;
    const settled = await reading;
    check(settled.config);
    await writeFile(join(folder, settledFile), settledText(settled.config), { mode: 0o600 });
    // No Ryuk: it needs an image of its own and a connection that stays open. Our labels name the owning
    // process, and the next start or `muster gc` removes what a dead one left (leftovers.ts), which also
    // works after a crash of the engine.
    const { DockerComposeEnvironment, Wait } = await import('testcontainers');
    const { environment } = settled;
    await new DockerComposeEnvironment(folder, [settledFile])
      .withProjectName(run.project)
      .withEnvironment({ ...run.environment, ...environment, ...withoutEnvFiles })
      .withAutoCleanup(false)
      .withDefaultWaitStrategy(noWait(Wait.forListeningPorts()))
      .withClientOptions({
        // Where containers say that they are of.
        composeOptions: ['--project-directory', dirname(resolve(run.file))],
        ...(only === undefined ? {} : { commandOptions: ['--no-deps', '--no-recreate'] }),
      })
      .up(only === undefined ? undefined : [only]);
    return settled;
  } catch (error) {
    throw error instanceof MusterError ? error : composeTrouble(error, run);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** They are named from where Compose is called, and were read: they, or the project's `.env`. */
const withoutEnvFiles = { COMPOSE_ENV_FILES: '', COMPOSE_DISABLE_ENV_FILE: '1' };

/** Health is waited for by Service.waitHealthy, which can be interrupted and also knows one-shot services. */
function noWait(strategy: WaitStrategy): WaitStrategy {
  strategy.waitUntilReady = async () => undefined;
  return strategy;
}
