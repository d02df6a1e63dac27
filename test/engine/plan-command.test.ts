import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { InputErrors, MusterError } from '../../core/errors.ts';
import { planDrill } from '../../engine/plan.ts';
import { createStackProvider } from '../../stack/provider.ts';

const provider = createStackProvider({ progress: () => undefined });
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-plan-command-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const strategy = `strategy: test
stack: ./compose.yml
components: { store: { driver: redis } }
invariants: { sound: { command: [./sound.sh], in: host } }
`;
interface Asked {
  step?: string;
  check?: string;
  strategy?: string;
  hostCommands?: boolean;
}

/** Each refusal as `file:line:column message | found | expected | hint`; none where it can be planned. */
async function refusals({
  step = '{ command: [./mend.sh, now], in: host }',
  check = 'ledger',
  strategy: more = '',
  hostCommands = false,
}: Asked): Promise<string[]> {
  writeFileSync(
    join(folder, 'compose.yml'),
    "services:\n  store: { image: redis, ports: ['127.0.0.1::6379'] }\n",
  );
  writeFileSync(join(folder, 'strategy.yaml'), `${strategy}${more}`);
  writeFileSync(
    join(folder, 'scenario.yaml'),
    `scenario: test
strategy: ./strategy.yaml
title: A test
load: { tokens: { target: store, rate: 200/s } }
fault: { crash: store, at: +1s }
recover: [${step}]
check: [${check}]
`,
  );
  try {
    await planDrill(join(folder, 'scenario.yaml'), registries, provider, { hostCommands });
    return [];
  } catch (error) {
    if (!(error instanceof MusterError) || error.trouble !== 'input') throw error;
    return (error instanceof InputErrors ? error.all : [error]).map(
      ({ at, message, found, expected, hint }) =>
        `${at!.file.split('/').at(-1)}:${at!.line}:${at!.column} ${message} | ${found} | ${expected} | ${hint}`,
    );
  }
}

describe('a command on the host is planned', () => {
  it.each(['hostCommands: true', 'hostCommands: [./other.sh, ./mend.sh]'])(
    'where the strategy says %s and the command line allows it',
    async (more) => {
      expect(await refusals({ strategy: more, hostCommands: true })).toEqual([]);
    },
  );
});

describe('a command is refused', () => {
  it('on the host, where the strategy does not allow any', async () => {
    const [first, ...rest] = await refusals({ hostCommands: true });
    expect(first).toMatch(
      /^scenario.yaml:6:22 the strategy does not allow .\/mend.sh on the host \| no hostCommands \| hostCommands: true, or a list with .\/mend.sh in it, in .*strategy.yaml \| .*read it first/,
    );
    expect(rest).toEqual([]);
  });
  it('on the host, where the strategy allows others', async () => {
    expect((await refusals({ strategy: 'hostCommands: [./other.sh]', hostCommands: true }))[0]).toMatch(
      /^scenario.yaml:6:22 .* \| hostCommands: .\/other.sh \|/,
    );
  });
  it('on the host, where the command line does not allow it', async () => {
    expect(await refusals({ strategy: 'hostCommands: true' })).toEqual([
      'scenario.yaml:6:22 ./mend.sh would run on the host, and the command line does not allow that | no --allow-host-commands | --allow-host-commands | it would run as you, on this machine: read it first, then run this again with --allow-host-commands',
    ]);
  });
  it('on the host as an invariant, just the same', async () => {
    expect((await refusals({ step: '{ command: [ls], in: store }', check: 'sound' }))[0]).toMatch(
      /^scenario.yaml:7:9 the strategy does not allow .\/sound.sh on the host/,
    );
  });
  it('in a service that is not there, with the nearest', async () => {
    expect((await refusals({ step: '{ command: [ls], in: stroe }' }))[0]).toMatch(
      /^scenario.yaml:6:32 unknown service "stroe" \| stroe \| one of store, host \| did you mean "store"/,
    );
  });
  it.each([
    ['{ command: ls, in: store }', /"recover.0.command" is not what is expected here \| "ls"/],
    ['{ command: [], in: store }', /"recover.0.command" is not what is expected here/],
    ['{ command: [ls] }', /"in" is missing/],
    ['{ command: [ls], in: store, env: { "A B": X } }', /.*/],
    ['{ command: [ls], in: store, timeout: 5 }', /"recover.0.timeout" is not what is expected here \| 5/],
    ['{ command: [ls], in: store, shell: true }', /unknown key "shell"/],
  ])('as %s', async (step, words) => {
    const [first] = await refusals({ step });
    expect(first).toMatch(/^scenario.yaml:6:\d+ /);
    expect(first).toMatch(words);
  });
});
