import { html, type Markup } from './markup.ts';

export interface Column {
  head: string;
  kind?: 'num' | 'nowrap' | 'title';
}
type Cell = Markup | string;

/**
 * A table with its heads, or a sentence where there are no rows: an empty table reads as if nothing had
 * happened.
 */
export function table(columns: Column[], rows: Cell[][], empty: string, sum?: Cell[]): Markup {
  if (rows.length === 0) return html`<p class="soft">${empty}</p>`;
  const line = (cells: Cell[], kind: string): Markup =>
    html`<tr class="${kind}">${cells.map((cell, index) => html`<td class="${columns[index]!.kind ?? ''}">${cell}</td>`)}</tr>\n`;
  return html`<div class="table"><table><thead><tr>${columns.map(({ head, kind }) => html`<th class="${kind ?? ''}" scope="col">${head}</th>`)}</tr></thead><tbody>
${rows.map((row) => line(row, ''))}${sum ? line(sum, 'sum') : null}</tbody></table></div>`;
}

export const section = (title: string, note: string | null, body: Markup): Markup =>
  html`<section><h2>${title}${note && html`<small>${note}</small>`}</h2>${body}</section>\n`;
