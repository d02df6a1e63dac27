import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { counterOf, killsIn } from '../../stack/oom-kills.ts';
import { scratch } from '../support/scratch.ts';

const id = 'd44027d85d4113b7c09f04472562b70ef7be35bce0d94519f91bd0a6b80e6f68';
const v1 = 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n';
const v2 = 'low 0\nhigh 0\nmax 12\noom 2\noom_kill 3\noom_group_kill 0\n';
const both = `12:cpu,cpuacct:/docker/${id}\n3:memory:/docker/${id}\n0::/docker/${id}\n`;

/** A root folder of a machine with those files. */
function machine(files: Record<string, string>): string {
  const root = mkdtempSync(join(scratch, 'oom-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe("the counter of a container's own control group", () => {
  test.each([
    ['v1', both, `memory/docker/${id}/memory.oom_control`, v1],
    ['v2', `0::/docker/${id}\n`, `docker/${id}/memory.events`, v2],
    [
      'v2 by systemd',
      `0::/system.slice/docker-${id}.scope\n`,
      `system.slice/docker-${id}.scope/memory.events`,
      v2,
    ],
  ])('of cgroup %s', (_, groups, file, text) => {
    const root = machine({ 'proc/7/cgroup': groups, [join('sys/fs/cgroup', file)]: text });
    const found = counterOf(7, id, root);
    expect(found).toBe(join(root, 'sys/fs/cgroup', file));
    expect(killsIn(found!)).toBe(3);
    rmSync(dirname(found!), { recursive: true });
    expect(killsIn(found!)).toBeNull();
  });

  test.each<[string, Record<string, string>]>([
    ['another container', { 'proc/7/cgroup': both.replaceAll(id, 'another') }],
    ['no process of that number', {}],
    ['control groups that are not to be seen from here', { 'proc/7/cgroup': both }],
    [
      'a kernel that does not count',
      {
        'proc/7/cgroup': both,
        [`sys/fs/cgroup/memory/docker/${id}/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\n',
      },
    ],
  ])('is none of %s', (_, files) => {
    expect(counterOf(7, id, machine(files))).toBeNull();
  });
});
