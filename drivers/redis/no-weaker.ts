/** Whether a setting that was changed is no weaker for it: such a change is told, and fails nothing. */
export type NoWeaker = (before: string, now: string) => boolean;

/** Decides what the application meets, whichever way it is changed. */
export const never: NoWeaker = () => false;
export const always: NoWeaker = () => true;

/** Both from the weakest on. */
export const ranked =
  (...values: string[]): NoWeaker =>
  (before, now) =>
    values.includes(before) && values.indexOf(now) >= values.indexOf(before);

interface Amount {
  value: number;
  unit: string;
}
const amountOf = (text: string): Amount | null => {
  const [, value, unit] = /^(\d+)(%?)$/.exec(text) ?? [];
  return value === undefined ? null : { value: Number(value), unit: unit! };
};
const amounts =
  (holds: (before: number, now: number) => boolean): NoWeaker =>
  (before, now) => {
    const [was, is] = [amountOf(before), amountOf(now)];
    return was !== null && is !== null && was.unit === is.unit && holds(was.value, is.value);
  };

/** A limit that leaves more room. Zero lifts it, which is another matter: there is no end to memory. */
export const larger = amounts((before, now) => before > 0 && now >= before);
/** What is done sooner. Zero: never. */
export const sooner = amounts((before, now) => now > 0 && (before === 0 || now <= before));
/** What is done sooner, at once for zero. */
export const smaller = amounts((before, now) => now <= before);
/** However often: zero is never. */
export const switchedOn = amounts((_, now) => now > 0);

/** Where a file lies is the server's own; that there is one is not. */
export const elsewhere: NoWeaker = (before, now) => (before === '') === (now === '');

const pointsOf = (text: string): [seconds: number, changes: number][] =>
  [...text.matchAll(/(\d+) (\d+)/g)].map(([, seconds, changes]) => [Number(seconds), Number(changes)]);

/** Whenever a snapshot was due, one is. */
export const savePoints: NoWeaker = (before, now) =>
  pointsOf(before).every(([seconds, changes]) =>
    pointsOf(now).some(([within, atLeast]) => within <= seconds && atLeast <= changes),
  );

/** `A` stands for each of these. */
const allEvents = 'g$lshzxetd';
/** Whoever was told of something is told of it. */
export const events: NoWeaker = (before, now) => {
  const told = new Set(now.replaceAll('A', allEvents));
  return before !== '' && [...before.replaceAll('A', allEvents)].every((kind) => told.has(kind));
};

/** Of each class of clients no limit is tighter, and none is lifted. */
export const bufferLimits: NoWeaker = (before, now) => {
  const [was, is] = [before.split(' '), now.split(' ')];
  return (
    was.length === is.length &&
    was.every((word, i) => word === is[i] || (/^\d+$/.test(word) && larger(word, is[i]!)))
  );
};
