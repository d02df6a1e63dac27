import type { Format } from '../core/format.ts';
import { html } from './html.ts';
import { json } from './json.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';

/** Every report that a bundle holds. A new one is a file and a line here. */
export const formats = { json, junit, markdown, html } satisfies Record<string, Format>;
