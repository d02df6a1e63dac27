import type { Format } from '../core/format.ts';
import { html } from './html.ts';
import { json } from './json.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import { pdf } from './pdf.ts';

/** Every report that a bundle holds. A new one is a file and a line here. */
export const formats = { json, junit, markdown, html, pdf } satisfies Record<string, Format>;
