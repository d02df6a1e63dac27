import { fileURLToPath } from 'node:url';
import type { Font } from 'fontkit';
import type PDFDocument from 'pdfkit';
import { oneLine } from '../text.ts';

type Document = InstanceType<typeof PDFDocument>;
export type Weight = 'regular' | 'bold';
export type Colour = keyof typeof colours;

/** Those of the HTML report in daylight. */
export const colours = {
  ink: '#1b2127',
  soft: '#57616c',
  rule: '#dde2e7',
  grid: '#e9ecef',
  accent: '#2c5f8f',
  pass: '#1b7a4b',
  fail: '#b3261e',
  inconclusive: '#8a5a00',
  passGround: '#e4f3ea',
  failGround: '#fbe9e7',
  inconclusiveGround: '#fdf1d8',
} as const;

/** A4 in points, and what is left free on each side. */
export const sheet = { width: 595.28, height: 841.89, margin: 42 } as const;
export const inner = sheet.width - 2 * sheet.margin;

const fonts: Record<Weight, string> = {
  regular: fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')),
  bold: fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf')),
};

/** How a text is set; `x` and `width` in points. */
export interface Setting {
  size?: number;
  weight?: Weight;
  colour?: Colour;
  x?: number;
  width?: number;
  align?: 'left' | 'right';
  /** At most so many lines; what is cut ends with an ellipsis. Default 1. */
  lines?: number;
}

/** One page that is written from the top down; `y` is where it has got to. */
export interface Page {
  y: number;
  /** Sets a text at `y` and returns its height, in points. `y` stays. */
  text(text: string, setting?: Setting): number;
  rectangle(x: number, y: number, width: number, height: number, fill: Colour): void;
  /** Points that are left above `reserved` points at the foot. */
  left(reserved: number): number;
}

/**
 * A character that the font lacks would be an empty box, and could stand for any other: it is shown as
 * `\u{4e2d}`.
 */
const shown = (text: string, has: (code: number) => boolean): string =>
  [...oneLine(text)]
    .map((character) => {
      const code = character.codePointAt(0)!;
      return has(code) ? character : `\\u{${code.toString(16)}}`;
    })
    .join('');

/** Not at the start, as most runs of the command line write no PDF. */
export async function loadLibraries() {
  const [{ default: Pdf }, fontkit] = await Promise.all([import('pdfkit'), import('fontkit')]);
  const known = (): Font => {
    const font = fontkit.openSync(fonts.regular);
    if (!('hasGlyphForCodePoint' in font)) throw new Error(`${fonts.regular} holds several fonts`);
    return font;
  };
  return { Pdf, known: () => (asked ??= known()) };
}

/**
 * Asked for what it has, and for nothing else: a font keeps the letters of whoever drew with it first, and
 * the bytes of a later document would differ. Each document opens its own.
 */
let asked: Font | null = null;

/**
 * A PDF of one page. The same calls give the same bytes: the date in it is `madeAt`, not today's.
 */
export async function onePage(
  about: { title: string; madeAt: Date },
  draw: (page: Page) => void,
): Promise<Uint8Array> {
  const { Pdf, known } = await loadLibraries();
  const has = (code: number): boolean => known().hasGlyphForCodePoint(code);
  const document = new Pdf({
    size: 'A4',
    margin: 0,
    lang: 'en',
    displayTitle: true,
    font: fonts.regular,
    info: {
      Title: shown(about.title, has),
      Creator: 'Muster',
      Producer: 'Muster',
      CreationDate: about.madeAt,
    },
  });
  document.registerFont('regular', fonts.regular);
  document.registerFont('bold', fonts.bold);
  const written = collect(document);
  draw(pageOf(document, has));
  document.end();
  return written;
}

async function collect(document: Document): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of document) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function pageOf(document: Document, has: (code: number) => boolean): Page {
  const page: Page = {
    y: sheet.margin,
    text(
      text,
      { size = 8, weight = 'regular', colour = 'ink', x = sheet.margin, width = inner, ...rest } = {},
    ) {
      document.font(weight).fontSize(size).fillColor(colours[colour]);
      const lineHeight = document.currentLineHeight(true);
      const lines = rest.lines ?? 1;
      const said = shown(text, has);
      // A line that nearly fits would be broken, and its second half cut.
      const height = Math.min(document.heightOfString(said || ' ', { width }), lines * lineHeight + 0.1);
      document.text(said, x, page.y, {
        width,
        height,
        align: rest.align ?? 'left',
        ellipsis: true,
        lineBreak: true,
      });
      return height;
    },
    rectangle(x, y, width, height, fill) {
      document.rect(x, y, Math.max(width, 0), height).fill(colours[fill]);
    },
    left: (reserved) => sheet.height - sheet.margin - reserved - page.y,
  };
  return page;
}
