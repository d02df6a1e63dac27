import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { composeConfig, type ComposeConfig } from '../../stack/compose.ts';
import { noRules } from '../../stack/containment.ts';
import { neutralOf, type ImageMarks } from '../../stack/image-marks.ts';
import { assertContained } from '../../stack/laid.ts';
import { movedOf } from '../../stack/moved.ts';
import type { MovedService } from '../../stack/moved-shape.ts';
import { nothingLaid, overrideOf } from '../../stack/override.ts';
import { overrideText } from '../../stack/override-file.ts';

const place = (): { file: string; line: number; column: number } => ({ file: 'c.yml', line: 7, column: 3 });
const labelled = (...names: string[]): ImageMarks => ({
  Labels: Object.fromEntries(names.map((name) => [name, 'true'])),
});
const of = (image: ImageMarks, set = {}): ReturnType<typeof neutralOf> =>
  neutralOf('web', [image], { environment: { web: set } }, place);

describe('what other programs act on in an image', () => {
  test.each([
    ['traefik.http.routers.shop.rule', { 'traefik.enable': 'false' }],
    ['com.centurylinklabs.watchtower', { 'com.centurylinklabs.watchtower.enable': 'false' }],
    ['ofelia.job-exec.a.schedule', { 'ofelia.enabled': 'false' }],
    ['docker-volume-backup.stop-during-backup', {}],
    ['autoheal', {}],
    ["somebody's.own", {}],
  ])('label %s is without effect', (name, off) => {
    const { neutral, lines, problems } = of(labelled(name));
    expect(neutral.labels).toEqual({ [name]: '', ...off });
    expect(lines[0]).toBe(`labels of the image of web: without effect, other programs act on such (${name})`);
    expect(problems).toEqual([]);
  });

  test('what turns a program off is not emptied', () => {
    expect(of(labelled('traefik.enable')).neutral.labels).toEqual({ 'traefik.enable': 'false' });
  });

  test('what a backup rests on is told', () => {
    const { lines } = of(labelled('ofelia.job-exec.a.schedule'));
    expect(lines[1]).toMatch(/^no schedule in labels of web is carried out in a drill/);
  });

  test.each(['caddy', 'caddy_1.reverse_proxy', 'docker-volume-backup.archive-pre', 'deck-chores.a.command'])(
    'label %s has no neutral value, and is refused with its place and what helps',
    (name) => {
      const [problem] = of(labelled(name)).problems;
      expect(problem).toMatchObject({
        at: { line: 7 },
        found: expect.stringContaining(name),
        hint: expect.stringContaining('compose file for drills'),
      });
    },
  );

  test("a reverse proxy's variables are empty, but for one that the strategy sets", () => {
    const image = { Env: ['PATH=/bin', 'VIRTUAL_HOST=shop.example', 'LETSENCRYPT_HOST=shop.example'] };
    const { neutral, lines } = of(image, { LETSENCRYPT_HOST: 'drill.invalid' });
    expect(neutral.environment).toEqual({ VIRTUAL_HOST: '' });
    expect(lines).toEqual([
      'VIRTUAL_HOST of the image of web: empty, a reverse proxy on this machine acts on it',
    ]);
  });

  test('what an image says of itself stays as it is, and nothing is told', () => {
    const names = ['org.opencontainers.image.title', 'maintainer', 'com.docker.compose.project', 'muster.of'];
    const nothing = { neutral: { labels: {}, environment: {} }, lines: [], problems: [] };
    expect(of({ ...labelled(...names), Env: ['PATH=/bin', 'VIRTUAL_HOSTS_NOT=a'] })).toEqual(nothing);
    expect(of({ Labels: null, Env: null })).toEqual(nothing);
  });
});

describe('what is neutral over an image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-image-marks-'));
  const file = join(folder, 'compose.yml');
  const over = join(folder, 'over.yml');
  const run = { file, project: 'muster-d1', labels: { 'muster.drill': 'd1' }, environment: {} };
  const image = { Labels: { 'traefik.enable': 'true', own: '1' }, Env: ['VIRTUAL_HOST=shop.example'] };
  const laid = { ...nothingLaid, neutral: { web: of(image).neutral } };

  async function mergedOf(keys: string): Promise<ComposeConfig> {
    writeFileSync(file, `services:\n  web: { image: x${keys} }\n  other: { image: y }\n`);
    const config = await composeConfig(run);
    writeFileSync(over, overrideText(overrideOf(config, run, movedOf(config, run), {}, laid)));
    return composeConfig(run, { override: over });
  }
  const labels = { 'traefik.enable': 'false', own: '', 'muster.drill': 'd1' };

  test.each([
    ['a file without any', '', { VIRTUAL_HOST: '' }],
    ['labels of the file', ', labels: { traefik.enable: "false", a: b }', { VIRTUAL_HOST: '' }],
    [
      'variables of the file',
      ', environment: { VIRTUAL_HOST: of.file, VIRTUAL_PORT: 80, A: b }',
      { VIRTUAL_HOST: '', A: 'b' },
    ],
    ['other variables', ', environment: [A=b]', { VIRTUAL_HOST: '', A: 'b' }],
  ])('stands beside %s', async (_, keys, environment) => {
    const merged = await mergedOf(keys);
    const web = merged.services['web'] as MovedService;
    expect(web).toMatchObject({ labels, environment });
    expect(Object.keys(web.environment!)).toHaveLength(Object.keys(environment).length);
    expect((merged.services['other'] as MovedService).labels).toEqual({ 'muster.drill': 'd1' });
    expect(() => assertContained(merged, laid, noRules, run.project)).not.toThrow();
    // Nothing but the neutral value is: not on another service, and no other one.
    const bad = structuredClone(merged);
    Object.assign((bad.services['web'] as MovedService).labels!, { 'traefik.enable': 'true' });
    expect(() => assertContained(bad, laid, noRules, run.project)).toThrow(/not decided on/);
    const moved = structuredClone(merged);
    Object.assign((moved.services['other'] as MovedService).labels!, { own: '' });
    expect(() => assertContained(moved, laid, noRules, run.project)).toThrow(/not decided on/);
  });
});
