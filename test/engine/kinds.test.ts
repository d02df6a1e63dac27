import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stepKinds, stepsOf, titleOf, traceOf, type Step } from '../../core/steps/index.ts';

/** A look at which kind of step, fault or target something is, by its name. */
const branches = (text: string): string[] => [
  ...(text.match(/'(?:restore|replay|command|run|return)' in \w+/g) ?? []),
  ...(text.match(/\.on [!=]== '\w+'/g) ?? []),
];

describe('a branch on the name of a kind', () => {
  it.each(["if ('restore' in step) {", "fault.on === 'store'", "data.on !== 'region' && data.target"])(
    'is found: %s',
    (text) => expect(branches(text)).toHaveLength(1),
  );
  it('is not found where a kind is asked what it is', () =>
    expect(branches("targetOf(fault).isNoticed; on: 'store'; 'oneRoute' in fault")).toEqual([]));
  it('is nowhere in the engine but in the files of kinds', () => {
    const others = globSync('engine/**/*.ts').filter((file) => !/^engine\/(?:steps|targets)\//.test(file));
    expect(others.length).toBeGreaterThan(40);
    expect(
      others.flatMap((file) => branches(readFileSync(file, 'utf8')).map((branch) => `${file}: ${branch}`)),
    ).toEqual([]);
  });
});

describe('a kind of step', () => {
  it.each(Object.keys(stepKinds))('%s has its own name as a key of its schema', (name) =>
    expect(Object.keys(stepKinds[name as keyof typeof stepKinds].schema.shape)).toContain(name),
  );
  it('that nobody knows, as altered evidence may hold, is an action and breaks nothing', () => {
    const unknown = { explode: 'store' } as unknown as Step;
    expect(titleOf(unknown)).toBe('undefined');
    expect(traceOf(unknown)).toBeNull();
  });
  it('is none where nobody acts', () => expect(stepsOf({ recover: 'automatic' })).toEqual([]));
});

describe('what a command leaves', () => {
  const { failed } = traceOf({ command: ['true'] } as unknown as Step)!;
  it.each([
    { exitCode: 1, inTime: true },
    { exitCode: null, inTime: true },
    { exitCode: 0, inTime: false },
  ])('is a failure: %o', (data) => expect(failed!(data)).toBe('its command failed'));
  it('is a good end in time', () => expect(failed!({ exitCode: 0, inTime: true })).toBeNull());
});
