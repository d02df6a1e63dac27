import type { Evidence } from './measure.ts';
import type { DrillResult } from './result.ts';

/** A report. Pure: the same result and the same evidence give the same bytes. */
export interface Format {
  about: string;
  /** Name of the file in the bundle: `report.html`. */
  file: string;
  /** Loads ahead what `render` needs, while whoever will ask for it waits for something else. */
  load?(): Promise<unknown>;
  /** `evidence`: what was judged, for what no result holds. */
  render(result: DrillResult, evidence: Evidence): Promise<Uint8Array>;
}

/** A report that is text, and made of the result alone. */
export interface TextFormat extends Format {
  text(result: DrillResult): string;
}

export const textFormat = (own: Pick<TextFormat, 'about' | 'file' | 'text'>): TextFormat => ({
  ...own,
  render: async (result) => new TextEncoder().encode(own.text(result)),
});
