/**
 * What `muster plan` says of a fault in a proxy: F41 of the field cases, its control, and what comes with
 * Muster.
 */
export const ways = {
  beside: 'F41, a fault in a way that no load comes: a warning with its line',
  through: 'F41, its control where a load comes by it: no warning',
  shipped: 'every scenario that comes with Muster: no warning',
} as const;
