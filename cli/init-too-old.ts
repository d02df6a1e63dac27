import type { AnyDriver } from '../core/driver.ts';
import { isTooOld, servedBy } from '../core/image-name.ts';
import type { ComposeConfig } from '../stack/compose.ts';
import type { Recognised } from './init-recognise.ts';

/** Without servers that are, by their images' names, older than their drivers are for: plan refuses those. */
export const withoutOld = (
  { services }: ComposeConfig,
  found: readonly Recognised[],
  drivers: Readonly<Record<string, AnyDriver>>,
): Recognised[] =>
  found.map((one) => {
    const images = one.driver === null ? undefined : drivers[one.driver]?.images;
    if (!images || services[one.service]?.build !== undefined || !isTooOld(one.image, images)) return one;
    return {
      ...one,
      ...{ driver: null, login: null, guesses: [], config: null, database: null },
      notCovered: `image ${one.image} is too old: its driver is for ${servedBy(images)}`,
    };
  });
