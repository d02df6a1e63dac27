import { escapeMarkup } from '../text.ts';

/** HTML that is safe to put into HTML as it is. Everything else is escaped on its way in. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | false | readonly Part[];

function render(part: Part): string {
  if (part === null || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(render).join('');
  return typeof part === 'number' ? String(part) : escapeMarkup(part);
}

/**
 * Template of HTML: whatever is put in is escaped, unless it is Markup; lists are joined, null and false
 * leave nothing.
 */
export const html = (strings: TemplateStringsArray, ...parts: Part[]): Markup =>
  new Markup(strings.reduce((text, string, index) => text + render(parts[index - 1]!) + string));

/**
 * Coordinates of SVG: at most two decimals, so that the bytes do not depend on the last bit of a division.
 */
export const number = (value: number): string => String(Number(value.toFixed(2)));
export const percent = (value: number): string => `${number(value)}%`;

/** Where text stands in a picture: right of `x`, which is in percent, or left of it. */
export interface Place {
  x: number;
  top: number;
  height: number;
  left: boolean;
  /** Pixels between `x` and the text. */
  away: number;
}
export const textBeside = ({ x, top, height, left, away }: Place, text: string): Markup => {
  const baseline = Math.min(13, height - 4);
  const label = html`<text class="halo" x="${left ? -away : away}" y="${baseline}" text-anchor="${left ? 'end' : 'start'}">${text}</text>`;
  return html`<svg x="${percent(x)}" y="${top}" width="1" height="${height}">${label}</svg>`;
};
