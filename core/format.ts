import type { DrillResult } from './result.ts';

/** A report. Pure: the same result gives the same bytes. */
export interface Format {
  about: string;
  /** Name of the file in the bundle: `report.html`. */
  file: string;
  render(result: DrillResult): string | Uint8Array;
}
