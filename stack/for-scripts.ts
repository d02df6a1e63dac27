import { rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Stack } from '../core/stack.ts';
import { composeConfig, type ComposeConfig, type ComposeRun } from './compose.ts';
import { overrideText, removed } from './override-file.ts';
import { scriptTools } from './script-tools.ts';
import { temporaryFolder } from './temporary.ts';

/**
 * The user's compose files and what goes over them in this drill, so that whatever a script has Compose start
 * is as the drill has it: no folder, port or network of the user's. Services that the drill leaves out are
 * not there, whichever profile they are behind. `override`: as it stands, over `config`. The drill's own file
 * is made when it is asked for, and goes with `down`.
 */
export function forScripts(
  run: ComposeRun,
  override: () => object,
  config: ComposeConfig,
  down: () => Promise<void>,
): Pick<Stack, 'composeFiles' | 'scriptTools' | 'down' | 'engine'> {
  const engine = run.environment['DOCKER_HOST'];
  const kept = Object.keys(config.services);
  let folder: string | null = null;
  const write = async (): Promise<string[]> => {
    const all = { ...run, environment: { ...run.environment, COMPOSE_PROFILES: '*' } };
    const { services } = await composeConfig(all);
    const text = overrideText(withoutOthers(override(), Object.keys(services), kept));
    folder = await temporaryFolder('compose');
    const own = join(folder, 'drill.yml');
    await writeFile(own, text, { mode: 0o600 });
    return [run.file, ...(run.overrides ?? []), own].map((one) => resolve(one));
  };
  let written: Promise<string[]> | null = null;
  const remove = async (): Promise<void> => {
    await written?.catch(() => undefined);
    await tools?.catch(() => undefined);
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  };
  const files = (): Promise<string[]> => (written ??= write());
  let tools: Promise<string> | null = null;
  const writeTools = async (otherwise: string): Promise<string> => {
    const { project } = run;
    const given = await files();
    return scriptTools([dirname(given.at(-1)!), otherwise], { project, files: given, engine });
  };
  return {
    ...(engine === undefined ? {} : { engine }),
    composeFiles: files,
    scriptTools: (otherwise) => (tools ??= writeTools(otherwise)),
    down: () => down().finally(remove),
  };
}

const withoutOthers = (override: object, all: readonly string[], kept: readonly string[]): object => {
  const others = all.filter((name) => !kept.includes(name)).map((name) => [name, removed] as const);
  const { services } = override as { services: object };
  return { ...override, services: { ...services, ...Object.fromEntries(others) } };
};
