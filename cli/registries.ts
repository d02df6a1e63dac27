import type { Registries } from '../core/registries.ts';
import { drivers } from '../drivers/index.ts';
import { faults } from '../faults/index.ts';
import { measures } from '../measures/index.ts';
import { formats } from '../reports/index.ts';
import { stores } from '../stores/index.ts';

/** Everything that Muster knows. The one place that sees it all. */
export const registries: Registries = { drivers, faults, stores, measures, formats };
