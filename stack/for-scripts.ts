import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { environmentError, messageOf } from '../core/errors.ts';
import type { Stack } from '../core/stack.ts';
import { composeConfig, type ComposeConfig, type ComposeRun } from './compose.ts';
import { projectEnvironment } from './project-environment.ts';
import { scriptTools } from './script-tools.ts';
import { settledText, type Settled } from './settled.ts';
import { temporaryFolder } from './temporary.ts';

/**
 * What the drill started from, as one file, so that whatever a script has Compose start is as the drill has
 * it: no folder, port or network of the user's, whatever became of the user's files and however little of the
 * environment a script has. `check` throws where it would be anything else. The file is made when it is asked
 * for, and goes with `down`.
 */
export function forScripts(
  run: ComposeRun,
  settled: Settled,
  check: (config: ComposeConfig) => void,
  down: () => Promise<void>,
): Pick<Stack, 'composeFiles' | 'composeVariables' | 'scriptTools' | 'down' | 'engine'> {
  const engine = run.environment['DOCKER_HOST'];
  let folder: string | null = null;
  const write = async (): Promise<string[]> => {
    folder = await temporaryFolder('compose');
    const file = join(folder, 'drill.yml');
    await writeFile(file, settledText(withoutPulls(settled.config)), { mode: 0o600 });
    check(await readByItself(run, file, settled));
    return [file];
  };
  let written: Promise<string[]> | null = null;
  const remove = async (): Promise<void> => {
    await written?.catch(() => undefined);
    await tools?.catch(() => undefined);
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  };
  const files = (): Promise<string[]> => (written ??= write());
  let profiles: Promise<Record<string, string>> | null = null;
  let tools: Promise<string> | null = null;
  const writeTools = async (otherwise: string): Promise<string> => {
    const { project } = run;
    const given = await files();
    return scriptTools([dirname(given.at(-1)!), otherwise], { project, files: given, engine });
  };
  return {
    ...(engine === undefined ? {} : { engine }),
    composeFiles: files,
    composeVariables: async () => ({ ...settled.environment, ...(await (profiles ??= profilesOf(run))) }),
    scriptTools: (otherwise) => (tools ??= writeTools(otherwise)),
    down: () => down().finally(remove),
  };
}

/** What a script's Compose makes of the file: with no variable of the user's, and every profile. */
async function readByItself(
  { project, labels, secrets }: ComposeRun,
  file: string,
  settled: Settled,
): Promise<ComposeConfig> {
  const environment = { ...settled.environment, COMPOSE_PROFILES: '*' };
  const around = Object.fromEntries(
    ['PATH', 'HOME', 'DOCKER_CONFIG'].map((name) => [name, process.env[name]]),
  );
  return composeConfig({ file, project, labels, environment, secrets }, { around }).catch((error) => {
    throw environmentError('Compose does not read what it made of the compose file itself', {
      found: messageOf(error),
      expected: 'a file by which scripts of the drill have Compose act on its copy',
      hint: 'another version of Compose may; `docker compose version` says which one this is',
    });
  });
}

/** What the engine has of images is what the drill runs from: a pull would move names of the user's. */
function withoutPulls(config: ComposeConfig): ComposeConfig {
  const services = Object.entries(config.services).map(([name, service]) => [
    name,
    service.image === undefined || service.build !== undefined
      ? service
      : { ...service, pull_policy: 'never' },
  ]);
  return { ...config, services: Object.fromEntries(services) };
}

/** As the project's own `.env` has them: Compose looks for that one beside its file. */
async function profilesOf(run: ComposeRun): Promise<Record<string, string>> {
  if (!run.environment['COMPOSE_PROFILES']) return {};
  const { COMPOSE_PROFILES: profiles } = (await projectEnvironment(run.file, run.overrides)).values;
  return profiles === undefined ? {} : { COMPOSE_PROFILES: profiles };
}
