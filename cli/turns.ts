/**
 * So many at a time, and the others in the order in which they asked. Whatever becomes of one, the next gets
 * its turn. Work may give its place on before it has ended: true where somebody waited for it.
 */
export function takingTurns(places: number): <T>(work: (giveOn: () => boolean) => Promise<T>) => Promise<T> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => void waiting.push(go));
    let held = true;
    const giveOn = (): boolean => {
      if (!held) return false;
      held = false;
      const next = waiting.shift();
      if (next) next();
      else free += 1;
      return next !== undefined;
    };
    try {
      return await work(giveOn);
    } finally {
      giveOn();
    }
  };
}
