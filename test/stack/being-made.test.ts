import { expect, test } from 'vitest';
import { makingContainer, noneBeingMade } from '../../stack/being-made.ts';
import { labels } from '../../stack/owner.ts';

const of = (drill: string): Record<string, string> => ({ [labels.drill]: drill });

/** Asks for a container of a drill; the answer comes when the test gives it. */
function asked(drill: string): { answer: PromiseWithResolvers<string>; made: Promise<string> } {
  const answer = Promise.withResolvers<string>();
  return { answer, made: makingContainer(of(drill), () => answer.promise) };
}

test('a drill that is taken down waits for what the engine is making, also for what was asked for since', async () => {
  const order: string[] = [];
  const first = asked('one');
  const none = noneBeingMade('one').then(() => order.push('none'));
  const second = asked('one');
  first.answer.resolve('a');
  expect(await first.made).toBe('a');
  order.push('first');
  await new Promise(setImmediate);
  second.answer.resolve('b');
  await second.made;
  order.push('second');
  await none;
  expect(order).toEqual(['first', 'second', 'none']);
});

test('what is refused is over too, and its reason reaches who asked', async () => {
  const { answer, made } = asked('two');
  const none = noneBeingMade('two');
  answer.reject(new Error('no such image'));
  await expect(made).rejects.toThrow('no such image');
  await none;
});

test('what another drill is making keeps nobody', async () => {
  const { answer, made } = asked('three');
  await noneBeingMade('four');
  answer.resolve('c');
  await made;
});
