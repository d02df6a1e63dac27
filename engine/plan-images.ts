import type { Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import { isNamedSo, isTooOld, servedBy } from '../core/image-name.ts';
import type { PlannedComponent } from '../core/planned.ts';
import type { Registries } from '../core/registries.ts';
import { owned, type Problems } from './plan-input.ts';

/**
 * An input error for each component whose driver is not for its image, by what that is called: it is one of
 * another product, or too old. What a name does not say the server is asked when it is up. `images`: by
 * service.
 */
export function checkImages(
  source: Source,
  components: ReadonlyMap<string, PlannedComponent>,
  images: Readonly<Record<string, string>>,
  { drivers }: Registries,
  problems: Problems,
): void {
  for (const { name, service, driver, declared } of components.values()) {
    const image = owned(images, service);
    if (image === undefined || !driver.images) continue;
    const others = Object.entries(drivers).filter(
      ([, { images: theirs }]) => theirs && isNamedSo(image, theirs),
    );
    const isOthers = others.length > 0 && !isNamedSo(image, driver.images);
    if (!isOthers && !isTooOld(image, driver.images)) continue;
    problems.add(
      inputError(
        isOthers
          ? `${name} is no server of driver ${declared.driver}`
          : `${name} is too old for driver ${declared.driver}`,
        {
          at: source.place(['components', name, 'driver']),
          found: `image ${image}`,
          expected: servedBy(driver.images),
          ...(isOthers ? { hint: `driver: ${others.map(([other]) => other).join(' or ')}` } : {}),
        },
      ),
    );
  }
}
