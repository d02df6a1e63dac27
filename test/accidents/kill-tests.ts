import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../core/random.ts';
import { muster, startMuster, type Muster } from '../support/muster.ts';
import { accidentFolder, bundlesIn, interrupted, killed, leftOf, pause, timelineOf } from './workbench.ts';

const seed = Number(process.env['MUSTER_TEST_SEED'] ?? Date.now() % 2 ** 31);
const random = seededRandom(seed);
/**
 * A moment: so long after one of these. None is the last second and a half, by the schedule and the
 * observation alone.
 */
const begins = [/Z up\n/, /Z protect\n/, /Z break\n/, /restore redis from far/];
const anyMoment = (): [afterMs: number, until: RegExp] => [
  random() * 1_500,
  begins[Math.floor(random() * begins.length)]!,
];
const seen: string[] = [];
/** A drill that goes on all the while, owned by a Muster that lives. */
let living: Muster;
const livingFolder = accidentFolder((file, text) =>
  file === 'scenario.yaml' ? text.replace(/^points: .*/m, 'points: 1000') : text,
);

beforeAll(async () => {
  living = startMuster(['run', 'scenario.yaml'], { cwd: livingFolder });
  await living.said(/Z protect\n/);
});

afterAll(async () => {
  interrupted(living);
  await living.ended;
  expect(await leftOf(bundlesIn(livingFolder))).toEqual([]);
});

/**
 * Starts a drill, kills it some time after it began, and gives its bundle. What it had written down is valid.
 */
async function killedDrill(folder: string, afterMs: number, until: RegExp): Promise<string> {
  const drill = startMuster(['run', 'scenario.yaml'], { cwd: folder });
  await drill.said(until);
  await pause(afterMs);
  await killed(drill);
  const bundle = bundlesIn(folder).at(-1)!;
  const { events, broken } = timelineOf(bundle);
  const at = `seed ${seed}: killed ${Math.round(afterMs)} ms after /${until.source}/, after ${events.length} events, in ${events.findLast((event) => event.type === 'phase.begun')?.data.phase}`;
  console.log(at);
  seen.push(bundle);
  expect(events.length, at).toBeGreaterThan(0);
  if (broken) expect(broken, at).toEqual({ line: events.length + 1, reason: 'last line is cut off' });
  // Judged as far as it goes, and never a pass.
  const { code } = await muster(['report', bundle]);
  expect([1, 2], at).toContain(code);
  return bundle;
}

async function livesOn(): Promise<void> {
  expect(living.child.exitCode).toBeNull();
  // Two services, the helpers that send signals and refuse what would go out, a volume and a network.
  expect((await leftOf(bundlesIn(livingFolder))).length).toBe(6);
}

test('kill -9 at any moment, then `muster gc`: nothing of it is left, and who lives is left alone', async () => {
  for (let i = 0; i < 3; i += 1) {
    const bundle = await killedDrill(accidentFolder(), ...anyMoment());
    const { code, stdout } = await muster(['gc']);
    expect(code).toBe(0);
    expect(stdout).toContain(', which is running');
    expect(await leftOf([bundle])).toEqual([]);
    await livesOn();
  }
});

test.each([
  ['while Compose, which outlives it, starts the services', /starting 2 services/, 200, 600],
  ['while the stack is taken down', /Z down\n/, 0, 150],
])('kill -9 %s, then `muster gc`', async (_when, said, fromMs, withinMs) => {
  const bundle = await killedDrill(accidentFolder(), fromMs + random() * withinMs, said);
  expect((await muster(['gc'])).code).toBe(0);
  expect(await leftOf([bundle])).toEqual([]);
  await livesOn();
});

test('kill -9 at any moment, then the next start: nothing of it is left, and who lives is left alone', async () => {
  const folder = accidentFolder();
  for (let i = 0; i < 5; i += 1) {
    const bundle = await killedDrill(folder, ...anyMoment());
    expect(await leftOf(bundlesIn(folder).slice(0, -1))).toEqual([]);
    if (i === 4) {
      const next = startMuster(['run', 'scenario.yaml'], { cwd: folder });
      await next.said(/Z up\n/);
      expect(await leftOf([bundle])).toEqual([]);
      interrupted(next);
      expect((await next.ended).code).toBe(130);
    }
    await livesOn();
  }
  // A Compose that was not ended with its Muster would have brought something back by now.
  expect(await leftOf(seen)).toEqual([]);
});
