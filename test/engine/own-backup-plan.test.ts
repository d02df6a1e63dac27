import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { InputErrors, type MusterError } from '../../core/errors.ts';
import { checksByDefault } from '../../core/planned-checks.ts';
import { hostRules } from '../../engine/plan-mounts.ts';
import { planDrill, type Plan } from '../../engine/plan.ts';
import { memoryFiles, noStacks, type MemoryDrill } from '../support/memory-drill.ts';
import { muster } from '../support/muster.ts';
import { ownFiles } from '../support/own-scripts.ts';

const options = (change: Record<string, string> = {}): string => {
  const parts = {
    backup: '{ command: [./backup.sh], in: host }',
    restore: '{ command: [./restore.sh], in: host }',
    produces: "{ files: '*.gz' }",
    ...change,
  };
  return `{ ${Object.entries(parts)
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${name}: ${text}`)
    .join(', ')} }`;
};
const planned = (change: MemoryDrill, hostCommands = true): Promise<Plan> =>
  planDrill(
    memoryFiles({
      hostCommands: true,
      ...change,
      backup: { method: 'command', encrypt: 'none', options: options(), ...change.backup },
    }).file,
    registries,
    noStacks,
    { hostCommands },
  );

describe('scripts that back up', () => {
  it('are planned for any driver, and a restore by them has everything looked at', async () => {
    const { backups, ...all } = await planned({});
    expect(backups[0]!.plan.method).toBe('command');
    expect(checksByDefault(all, all.faults, []).map(({ id }) => id)).toEqual([
      `${backups[0]!.component}.inventory`,
    ]);
    for (const driver of Object.values(registries.drivers)) expect(driver.backups['command']).toBeDefined();
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['files elsewhere on the host', { produces: '{ files: /var/backups/*.gz }' }, /not \/var\/backups/],
    [
      'files outside of their folder',
      { produces: "{ files: '../*.gz' }" },
      /expected a pattern such as|such as \*\.sql\.gz/,
    ],
    [
      'a container of its own on the host',
      { restore: '{ command: [./restore.sh], in: host, oneOff: true }' },
      /oneOff/,
    ],
    [
      'a service that is not there',
      { restore: '{ command: [./restore.sh], in: db }' },
      /unknown service "db"/,
    ],
    ['a store that is not there', { produces: '{ objects: dumps/, in: c }' }, /unknown store "c"/],
    ['no word of what is left', { produces: '{}' }, /files|kept/],
    ['a size without its unit', { produces: "{ files: '*.gz', atLeast: 100 }" }, /atLeast|size/],
  ])('are refused with %s', async (_what, change, reason) => {
    const error = await planned({ backup: { options: options(change) } }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    const told = (error instanceof InputErrors ? error.all : [error as MusterError]).map(
      ({ message, expected }) => `${message} | ${expected}`,
    );
    expect(told.join('\n')).toMatch(reason);
  });

  it.each<[string, MemoryDrill, RegExp]>([
    ['that take one', { scenario: { recover: 'automatic' } }, /\.\/backup\.sh would run on the host/],
    [
      'that restore one',
      {
        scenario: {
          protect: '[]',
          fault: '{ crash: store, at: +1s }',
          recover: '[{ restore: store, from: b, existing: true }]',
        },
      },
      /\.\/restore\.sh would run on the host/,
    ],
  ])('%s are refused on the host where the command line does not allow it', async (_what, change, reason) => {
    await expect(planned(change)).resolves.toBeDefined();
    await expect(planned(change, false)).rejects.toThrow(reason);
  });

  it('that nobody runs in this drill need no permission', async () => {
    await expect(
      planned(
        { scenario: { protect: '[]', fault: '{ crash: store, at: +1s }', recover: 'automatic' } },
        false,
      ),
    ).resolves.toBeDefined();
  });

  it('keep what they keep by themselves: it is neither encrypted nor removed', async () => {
    const kept = options({ produces: '{ kept: { command: [./show.sh], in: host } }' });
    await expect(planned({ backup: { options: kept } })).resolves.toBeDefined();
    await expect(planned({ backup: { options: kept, encrypt: 'aes-256' } })).rejects.toThrow(
      /Muster does not encrypt them/,
    );
    await expect(
      planned({
        backup: { options: kept },
        scenario: { fault: '{ wipe-volume: store, at: backup.uploading }' },
      }),
    ).rejects.toThrow(/nothing is uploaded here/);
    // With files there is a first byte to meet.
    await planned({ scenario: { fault: '{ wipe-volume: store, at: backup.uploading }' } });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['both a command and somebody to follow', { follow: '{}' }, /one of the two/],
    ['neither', { backup: '' }, /one of the two/],
    [
      'files, and no word of whose they are',
      { backup: '', follow: '{}', produces: '{ files: /b/*.gz }' },
      /the service of the compose file that makes them/,
    ],
    [
      'files that are no path of a container',
      { backup: '', follow: '{ service: cron }' },
      /begins with \/ in the container of the sidecar, not \*\.gz/,
    ],
    [
      'a service that is not there',
      { backup: '', follow: '{ service: cron }', produces: '{ objects: dumps/, in: b }' },
      /unknown service "cron"/,
    ],
    [
      'what only a script keeps',
      { backup: '', follow: '{}', produces: '{ kept: { command: [./show.sh], in: host } }' },
      /cannot be looked for/,
    ],
    [
      'more time to settle than there is between two',
      { backup: '', follow: '{ settles: 50s }', produces: '{ objects: dumps/, in: b }' },
      /a time to settle of at most half the interval/,
    ],
  ])('or are followed, and refused with %s', async (_what, change, reason) => {
    const error = await planned({ backup: { options: options(change) } }).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    const told = (error instanceof InputErrors ? error.all : [error as MusterError]).map(
      ({ message, expected }) => `${message} | ${expected}`,
    );
    expect(told.join('\n')).toMatch(reason);
  });

  it('are followed only where what makes them cannot reach the real ones', async () => {
    const followed = { backup: '', follow: '{}', produces: '{ objects: dumps/, in: b }' };
    const { file, folder } = memoryFiles({
      backup: { method: 'command', encrypt: 'none', options: options(followed) },
      hostCommands: true,
    });
    const strategy = join(folder, 'strategy.yaml');
    const plan = (): Promise<Plan> => planDrill(file, registries, noStacks, { hostCommands: true });
    await plan();
    const before = readFileSync(strategy, 'utf8');
    for (const egress of ['open', '{ cron: { api.example.com: a reason } }']) {
      writeFileSync(strategy, `${before}egress: ${egress}\n`);
      await expect(plan()).rejects.toThrow(/could write to, and remove from, where your own backups lie/);
    }
  });

  it('are followed where the stack is told who makes them, and holds its network against that', async () => {
    const followed = { backup: '', follow: '{}', produces: '{ objects: dumps/, in: b }' };
    const { strategy, components } = await planned({ backup: { options: options(followed) } });
    expect(hostRules(strategy, components, []).followed).toEqual([]);
    for (const { declared } of components.values())
      for (const backup of Object.values(declared.backups))
        backup.options['follow'] = { settles: '5s', begins: [], service: 'cron' };
    expect(hostRules(strategy, components, []).followed).toEqual(['cron']);
  });

  it('are followed at their own pace, which plan says, and that a drill does not wait for half a day', async () => {
    const followed = { backup: '', follow: '{}', produces: '{ objects: dumps/, in: b }' };
    const { notes } = await planned({ backup: { options: options(followed) } });
    expect(notes.join('\n')).toMatch(/no timeScale compresses that/);
    expect(notes.join('\n')).not.toMatch(/inconclusive unless one happens to come/);
    const slow = await planned({ every: '12h', backup: { options: options(followed) } });
    expect(slow.notes.join('\n')).toMatch(/waited for 30m \(stepDeadline\), and made every 12 h/);
  });

  it('are printed by plan, a line for each', async () => {
    const { files } = ownFiles({ show: 'true' });
    const { code, stdout } = await muster(['plan', files.file, '--allow-host-commands'], {
      cwd: files.folder,
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /command +own-\S+\.snapshot backs up by \.\/backup\.sh on the host\n +own-\S+\.snapshot restores by \.\/restore\.sh on the host\n +own-\S+\.snapshot shows by \.\/show\.sh on the host\n/,
    );
  });
});
