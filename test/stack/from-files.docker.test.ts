import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { leftOf, smallStack, uniqueDrill } from './small-stack.ts';

const progress = (): void => undefined;

test('what Compose adds from a label_file and an env_file is not on the container of a drill', async () => {
  const file = await smallStack('', '    label_file: ./of.labels\n    env_file: ./of.env');
  const beside = (name: string, text: string): void => writeFileSync(join(dirname(file), name), text);
  beside('of.labels', 'traefik.enable=true\nmuster.region=west\n');
  beside('of.env', "VIRTUAL_HOST=shop.example\nLETSENCRYPT_HOST=shop.example\nPRICE='a $b'\n");
  const image = (
    await provideImages(
      await getRuntime(),
      new Map([['redis', 'redis:8.0.2']]),
      imageChoice(process.env, progress),
    )
  ).get('redis')!.reference;
  const docker = (...args: string[]): string =>
    execFileSync('docker', args, {
      env: { ...process.env, MUSTER_IMAGE_REDIS: image },
      stdio: 'pipe',
    }).toString();
  const configOf = (project: string): { Labels: Record<string, string>; Env: string[] } =>
    JSON.parse(docker('inspect', `${project}-cache-1`, '--format', '{{json .Config}}')) as ReturnType<
      typeof configOf
    >;

  // Alone it has them: Compose does take them from there.
  const alone = uniqueDrill('alone');
  try {
    docker('compose', '--project-name', alone, '--file', file, 'create');
    expect(configOf(alone).Labels).toMatchObject({ 'traefik.enable': 'true' });
    expect(configOf(alone).Env).toContain('VIRTUAL_HOST=shop.example');
  } finally {
    docker('compose', '--project-name', alone, '--file', file, 'down', '--volumes');
  }

  const drill = uniqueDrill('from-files');
  const stack = await createStackProvider({ progress }).up({ file, drill, environment: {}, progress });
  try {
    const { Labels: labels, Env: environment } = configOf(stack.project);
    const others = Object.keys(labels).filter((name) => !/^(muster|com\.docker\.compose)\./.test(name));
    expect(others).toEqual([]);
    expect(labels).toMatchObject({ 'muster.region': 'west', 'muster.drill': drill });
    expect(environment.join('\n')).not.toMatch(/VIRTUAL_HOST|LETSENCRYPT_HOST/);
    expect(environment).toContain('PRICE=a $b');
    expect(stack.contained).toContain(
      'LETSENCRYPT_HOST, VIRTUAL_HOST of cache: left out, a reverse proxy on this machine acts on it',
    );
  } finally {
    await stack.down();
  }
  expect(await leftOf(drill)).toEqual([]);
});
