/**
 * mulberry32 (public domain): 32-bit words, the same for the same seed. Small and fast; what must not be
 * guessed is not made with it.
 */
export function seededWords(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** The same as numbers from 0 up to, not including, 1. */
export function seededRandom(seed: number): () => number {
  const word = seededWords(seed);
  return () => word() / 2 ** 32;
}
