import { emptied, halved, lastByteFlipped, lengthened, truncated } from './faulty.ts';
import { ways } from './lies.ts';

/** Of a log of seven segments: the last one apart, which nothing tells of but the timeline. */
export const missingSegments = [0, 1, 3, 5];
const alterations = { lastByteFlipped, truncated, halved, emptied, lengthened };
export const alteredSegments = Object.entries(alterations).flatMap(([what, alter]) =>
  [true, false].map((encrypt) => ({ what, alter, encrypt })),
);
/** Beside each of these, in the same order: the same bytes, given back in an unusual way. */
const unusual = Object.values(ways);
export const cutSegments = alteredSegments.map(({ encrypt }, i) => ({
  what: unusual[i >> 1]![0],
  cut: unusual[i >> 1]![1],
  encrypt,
}));
export const otherLogs = {
  swapped: 'two segments have changed places, or one was copied over another',
  otherTime: 'a segment is the right number of another time',
  gap: 'a later writer left a gap in a file',
  otherKey: 'it was encrypted with another key',
} as const;

/** Whether they are encrypted. */
export const wholeLogs = [true, false];
export const goodLogs = {
  reordered: 'keeps the order of appends that were not waited for',
  anew: 'holds the newest content of a file that was started anew, though it is the shorter',
  resumed: 'goes on where an earlier writer stopped, and replaces a segment that had reached one copy only',
} as const;
/** When each call of the store fails in turn: before it has done anything, or after. */
export const failingCalls = ['before', 'after'] as const;
