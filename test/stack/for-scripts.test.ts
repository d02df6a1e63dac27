import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { composeConfig, type ComposeConfig } from '../../stack/compose.ts';
import { forScripts } from '../../stack/for-scripts.ts';
import { movedOf } from '../../stack/moved.ts';
import { neededOf } from '../../stack/needed.ts';
import { overrideOf } from '../../stack/override.ts';

const text = `services:
  base: { image: x, profiles: [never], environment: { OF: base } }
  db:
    extends: { service: base }
    profiles: !override []
    container_name: shop-db
    ports: ["5432:5432"]
    volumes: ["./data:/data", "old:/old"]
    networks: [shared]
  nightly:
    image: x
    profiles: [backup]
    depends_on: [db]
    volumes: ["./backups:/backups"]
  sidecar:
    image: x
    volumes: ["./backups:/backups"]
volumes: { old: { external: true, name: shop_old } }
networks: { shared: { external: true, name: proxy } }
`;

describe('what a script on this machine has Compose read', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'muster-for-scripts-')), 'compose.yml');
  writeFileSync(file, text);
  const labels = { 'muster.drill': 'd1' };
  const run = { file, project: 'muster-d1', labels, environment: { COMPOSE_PROFILES: '' } };
  const laid = {
    services: { db: [{ type: 'volume', source: 'muster-data', target: '/data' }] },
    volumes: { 'muster-data': { name: 'muster-d1-data', external: true } },
    networks: {},
  };
  const asScriptsSee = async (files: readonly string[]): Promise<ComposeConfig> => {
    const [first, ...overrides] = files;
    const environment = { COMPOSE_PROFILES: '*' };
    return composeConfig({ ...run, file: first!, overrides, environment });
  };

  test('is, by itself, the copy with the folders, ports and networks of the user', async () => {
    const { services } = await asScriptsSee([file]);
    expect(Object.keys(services)).toEqual(['base', 'db', 'nightly', 'sidecar']);
    expect(JSON.stringify(services['db'])).toContain(join(dirname(file), 'data'));
  });

  test('is what the drill has: nothing of the user, and no service that it leaves out', async () => {
    const config = neededOf(await composeConfig(run), ['db']);
    const override = (): object => overrideOf(config, run, movedOf(config, run), {}, laid);
    const scripts = forScripts(run, override, config, async () => undefined);
    const files = await scripts.composeFiles();
    const seen = await asScriptsSee(files);
    expect(Object.keys(seen.services)).toEqual(['db']);
    expect(seen.services['db']).toMatchObject({ image: 'x', environment: { OF: 'base' } });
    const said = JSON.stringify(seen);
    expect(said).not.toContain(dirname(file));
    expect(said).not.toMatch(/"published":"5432"|shop-db"?[,}]|shop_old|"proxy"/);
    expect(seen.services['db']!.volumes).toMatchObject([
      { type: 'volume', source: 'muster-data', target: '/data' },
      { type: 'volume', source: 'old' },
    ]);
    await scripts.down();
    expect(files.map((one) => existsSync(one))).toEqual([true, false]);
  });
});
