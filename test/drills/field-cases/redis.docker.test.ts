import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../../core/result.ts';
import { eventsOf, type TimelineEvent } from '../../../core/timeline.ts';
import { readChain } from '../../../evidence/chain.ts';
import type { Sweep } from '../../../reports/sweep.ts';
import { leftOf } from '../../stack/small-stack.ts';
import { jsonOf, muster } from '../../support/muster.ts';
import { detailOf, findingsThat, inRepository } from '../../support/real-drill.ts';
import { redisCases, type RedisCase } from './redis-cases.ts';

const cases = inRepository('fixtures/field-cases');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-field-redis-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const inTurn = pLimit(2);

/** A copy of the files of these cases, with what the case has otherwise. */
async function copyOf({ alter }: RedisCase): Promise<string> {
  const here = await mkdtemp(join(folder, 'case-'));
  for (const name of await readdir(cases))
    if (/^(F2[025]|redis)\./.test(name)) await copyFile(join(cases, name), join(here, name));
  if (!alter) return here;
  let text = await readFile(join(here, alter.file), 'utf8');
  for (const [from, to] of alter.changes) {
    expect(text.split(from)).toHaveLength(2);
    text = text.replace(from, to);
  }
  await writeFile(join(here, alter.file), text);
  return here;
}

interface Ran {
  code: number | null;
  drills: { result: DrillResult; events: TimelineEvent[] }[];
  sweep: Sweep | undefined;
  stderr: string;
}

async function ran(one: RedisCase): Promise<Ran> {
  const here = await copyOf(one);
  const own = one.script
    ? (parseEnv(await readFile(join(cases, `${one.script}.env`), 'utf8')) as Record<string, string>)
    : {};
  const env = { ...own, ...one.env, ...(one.commands ? { CASE_REDIS: `./${one.commands}.redis` } : {}) };
  const out = join(here, 'out');
  const ended = await muster(
    ['run', join(here, `${one.scenario}.yaml`), '--json', '--seed', '7', '--out', out],
    { env },
  );
  const printed = jsonOf<{ drills: { result: DrillResult }[]; sweeps?: Sweep[] }>(ended);
  expect(printed.drills, ended.stderr).toHaveLength(one.moments?.length ?? 1);
  const drills: Ran['drills'] = [];
  for (const { result } of printed.drills) {
    expect(
      (await leftOf(result.drill)).map((each) => each.name),
      'left in the engine',
    ).toEqual([]);
    const { events } = readChain(await readFile(join(out, 'drills', result.drill, 'events.jsonl'), 'utf8'));
    drills.push({ result, events });
  }
  return { code: ended.code, drills, sweep: printed.sweeps?.[0], stderr: ended.stderr };
}

function assertAsItShould(
  one: RedisCase,
  { result, events }: Ran['drills'][number],
  code: number | null,
  stderr: string,
): void {
  const red = findingsThat('fail', result).filter((id) => !one.mayBeRed?.includes(id));
  const open = findingsThat('inconclusive', result).map((id) => `${id}: ${detailOf(result, id)}`);
  expect({ exitCode: code, red }, [...open, stderr].join('\n')).toEqual({
    exitCode: one.exitCode,
    red: one.red,
  });
  for (const [id, words] of Object.entries(one.says ?? {})) expect(detailOf(result, id)).toMatch(words);
  const [fault] = eventsOf(events, 'fault.begun');
  const [noticed] = eventsOf(events, 'detected');
  // Detection is counted from the loss, though servers that hold nothing answer PONG.
  expect(noticed!.atMs).toBeGreaterThanOrEqual(fault!.atMs);
  expect(result.time.detectedMs).toBe(noticed!.atMs);
  expect(result.time.faultMs).toBe(fault!.atMs);
}

describe('what Redis lost for people is named, and what it kept is no alarm', {
  concurrent: true,
  timeout: 600_000,
}, () => {
  it.for(redisCases.map((one) => [one.name, one] as const))('%s', ([, one]) =>
    inTurn(async () => {
      const { code, drills, sweep, stderr } = await ran(one);
      for (const each of drills) assertAsItShould(one, each, code, stderr);
      expect(sweep?.moments.map(({ at }) => at)).toEqual(one.moments);
      // How much each lost: none of them is left unmeasured, and together they are no better than the worst.
      const lost = sweep?.moments.map(({ rpaMs }) => rpaMs ?? expect.fail('a loss was not measured'));
      if (lost) expect(sweep?.worst.rpa.ms).toBe(Math.max(...lost));
    }),
  );
});
