import pLimit from 'p-limit';

/**
 * So many at a time, and the others in the order in which they asked. Whatever becomes of one, the next gets
 * its turn. Work may give its place on before it has ended: true where somebody waited for it.
 */
export function drillQueue(places: number): <T>(work: (giveOn: () => boolean) => Promise<T>) => Promise<T> {
  const limit = pLimit(places);
  return (work) =>
    new Promise((resolve, reject) => {
      const turn = (free: () => void): void => {
        let held = true;
        const giveOn = (): boolean => {
          const waited = held && limit.pendingCount > 0;
          held = false;
          free();
          return waited;
        };
        void work(giveOn).finally(giveOn).then(resolve, reject);
      };
      void limit(() => new Promise<void>(turn));
    });
}
