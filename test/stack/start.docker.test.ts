import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { MusterError } from '../../core/errors.ts';
import type { Stack, StackUpOptions } from '../../core/stack.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { composeRunsFor, leftOf, smallStack, uniqueDrill } from './small-stack.ts';

const silent = (_line: string): void => undefined;
const provider = createStackProvider({ progress: silent, healthDeadlineMs: 20_000 });

const failed: string[] = [];

/** Brings up what must fail, and gives the error. Whatever the reason, nothing may be left of it. */
async function failure(
  file: string,
  environment: Record<string, string> = {},
  signal?: AbortSignal,
  progress = silent,
): Promise<MusterError> {
  const drill = uniqueDrill('fails');
  const up = provider.up({ file, drill, environment, progress, signal });
  const error: unknown = await up.then(
    async (stack) => {
      await stack.down();
      return null;
    },
    (thrown: unknown) => thrown,
  );
  failed.push(drill);
  expect(await leftOf(drill)).toEqual([]);
  if (!(error instanceof Error)) throw new Error('it came up');
  return error as MusterError;
}

describe('a start that fails says why, once, and leaves nothing', () => {
  test('a variable that is not set, which Compose itself refuses', async () => {
    expect(
      await failure(await smallStack('', '    environment: { A: "${MUSTER_TEST_UNSET:?it is needed}" }')),
    ).toMatchObject({ trouble: 'input', found: expect.stringContaining('it is needed') });
  });

  test('a key that Compose does not know', async () => {
    expect(await failure(await smallStack('', '    imagee: x'))).toMatchObject({
      trouble: 'input',
      found: expect.stringContaining('imagee'),
    });
  });

  test('a service that never becomes healthy, with its last lines and without its secrets', async () => {
    const sick =
      '  sick: { image: "${MUSTER_IMAGE_REDIS:-redis:8.0.2}", command: [sh, -c, "echo my password is $$WORD; sleep 60"], environment: { WORD: "${WORD}" }, healthcheck: { test: ["CMD", "false"], interval: 1s } }';
    const impatient = createStackProvider({ progress: silent, healthDeadlineMs: 3_000 });
    const drill = uniqueDrill('sick');
    const error: MusterError = await impatient
      .up({ file: await smallStack('', sick), drill, environment: { WORD: 'open-sesame' }, progress: silent })
      .then(
        () => {
          throw new Error('it came up');
        },
        (thrown) => thrown,
      );
    expect(error).toMatchObject({
      trouble: 'environment',
      message: 'sick did not become healthy within 3000 ms',
    });
    expect(error.found).toContain('my password is ***');
    expect(error.found).not.toContain('open-sesame');
    expect(await leftOf(drill)).toEqual([]);
  });

  test('an interruption, at any moment of it', async () => {
    for (const afterMs of [0, 400, 900, 1_600]) {
      const controller = new AbortController();
      const progress = (line: string): void => {
        if (line.startsWith('starting'))
          setTimeout(() => controller.abort(new MusterError('interrupted', 'interrupted')), afterMs);
      };
      const slow =
        '  last: { image: "${MUSTER_IMAGE_REDIS:-redis:8.0.2}", depends_on: { cache: { condition: service_healthy } } }';
      expect(
        await failure(await smallStack(slow), {}, controller.signal, progress),
        `after ${afterMs} ms`,
      ).toMatchObject({ trouble: 'interrupted' });
    }
    // Absence takes time to see: a Compose that was left running would bring everything back.
    await systemClock.sleep(2_000);
    for (const drill of failed) {
      expect(composeRunsFor(drill), drill).toBe(false);
      expect(await leftOf(drill)).toEqual([]);
    }
  });

  test('a drill id that Docker would not take', async () => {
    expect(
      await provider
        .up({ file: await smallStack(), drill: 'No Good', environment: {}, progress: silent })
        .then(
          () => null,
          (thrown: unknown) => thrown,
        ),
    ).toMatchObject({ trouble: 'input', found: 'No Good' });
  });
});

test('whoever waits asks the declared health check itself, until it passes: Docker would not for an hour', async () => {
  const drill = uniqueDrill('patient');
  const patient =
    '  patient: { image: "${MUSTER_IMAGE_REDIS:-redis:8.0.2}", healthcheck: { test: ["CMD-SHELL", "echo asked >>/tmp/asked; test $$(wc -l </tmp/asked) -ge 3"], interval: 1h } }';
  const stack = await provider.up({
    file: await smallStack(patient),
    drill,
    environment: {},
    progress: silent,
  });
  try {
    const service = stack.services.get('patient')!;
    expect(await service.state()).toMatchObject({ status: 'running', health: 'starting' });
    expect((await service.exec(['cat', '/tmp/asked'])).stdout).toBe('asked\n'.repeat(3));
  } finally {
    await stack.down();
  }
});

test("a user's own file: fixed names become the drill's own, one-shot services may end, labels as list or mapping", async () => {
  const drill = uniqueDrill('own');
  const file = await smallStack(
    '  migrate: { image: "${MUSTER_IMAGE_REDIS:-redis:8.0.2}", command: ["true"], labels: ["a=b"], depends_on: { cache: { condition: service_healthy } } }',
    `    container_name: production-cache-${drill}\n    labels: { c: d }`,
  );
  const stack = await provider.up({ file, drill, environment: {}, progress: silent });
  try {
    const names = (await leftOf(drill)).map((each) => each.name);
    expect(names).toContain(`muster-${drill}-cache-1`);
    expect(names).not.toContain(`production-cache-${drill}`);
    expect(await stack.services.get('migrate')!.state()).toMatchObject({ status: 'exited', exitCode: 0 });
    const docker = (await getRuntime()).container.dockerode;
    const found = await docker.listContainers({ all: true, filters: { label: [`muster.drill=${drill}`] } });
    const services = found.flatMap(({ Labels }) => Labels['com.docker.compose.service'] ?? []);
    expect(services.sort()).toEqual(['cache', 'migrate']);
    // Other programs act on them.
    expect(found.flatMap(({ Labels }) => [Labels['a'], Labels['c']].filter(Boolean))).toEqual([]);
  } finally {
    await stack.down();
  }
  expect(await leftOf(drill)).toEqual([]);
});

describe('the next stack of a file, while the former still stands,', () => {
  const both = async (
    file: string,
    meanwhile: (former: Stack) => Pick<StackUpOptions, 'after' | 'progress' | 'host'>,
  ): Promise<void> => {
    const up = { file, environment: {}, progress: silent };
    const former = await provider.up({ ...up, drill: uniqueDrill('former') });
    try {
      const next = await provider.up({ ...up, drill: uniqueDrill('next'), ...meanwhile(former) });
      await next.services.get('cache')!.waitHealthy(5_000);
      await next.down();
    } finally {
      await former.down();
    }
  };

  test('waits until that has given back what both may have of the host, and says so', async () => {
    const gone = Promise.withResolvers<void>();
    const lines: string[] = [];
    await both(await smallStack(), (former) => ({
      host: { dataFolders: {}, mounts: {}, access: { cache: 'it may' } },
      after: gone.promise,
      // Nobody takes the former down before the next one waits for it.
      progress: (line) => {
        lines.push(line);
        if (line.startsWith('waiting until the stack before is gone'))
          former.down().then(gone.resolve, gone.reject);
      },
    }));
    expect(lines.filter((line) => line.startsWith('waiting until the stack before'))).toHaveLength(1);
  });

  test('waits for nothing where each has its own, in the place of a fixed port, too', async () => {
    const lines: string[] = [];
    const holder =
      '  holder: { image: "${MUSTER_IMAGE_REDIS:-redis:8.0.2}", ports: ["127.0.0.1:41379:6379"] }';
    await both(await smallStack(holder), () => ({
      after: new Promise(() => undefined),
      progress: (line) => void lines.push(line),
    }));
    expect(lines.filter((line) => line.startsWith('waiting until the stack before'))).toEqual([]);
  });
});

test('a project of which all comes by include is started as it is planned', async () => {
  const base = await smallStack();
  const file = join(dirname(base), 'whole.yml');
  await writeFile(file, `include: [./${basename(base)}]\n`);
  const planned = await provider.describe(file);
  const drill = uniqueDrill('included');
  const stack = await provider.up({ file, drill, environment: {}, progress: silent });
  try {
    expect([...stack.services.keys()]).toEqual([...planned.services.keys()]);
    expect((await stack.services.get('cache')!.exec(['redis-cli', 'ping'])).stdout).toContain('PONG');
  } finally {
    await stack.down();
  }
  expect(await leftOf(drill)).toEqual([]);
});
