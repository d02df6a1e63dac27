import { digestOf } from '../../core/ledger.ts';

/** One committed change, in order of `sequence`. A row of null was removed. */
export interface Entry {
  history: string;
  sequence: number;
  utc: string;
  statement: string;
  table: string;
  rows: [id: number, value: string | null][];
}

const sumOf = (text: string): string => {
  const { low, high } = digestOf(text);
  return `${high.toString(16)}.${low.toString(16)}`;
};

/** One line: the checksum, a blank, the entry as JSON, a newline. */
export function encodeEntry(entry: Entry): string {
  const text = JSON.stringify(entry);
  return `${sumOf(text)} ${text}\n`;
}

/** null when the line is not whole or not what was written. */
export function decodeEntry(line: string): Entry | null {
  const at = line.indexOf(' ');
  const text = line.slice(at + 1);
  if (at < 0 || line.slice(0, at) !== sumOf(text)) return null;
  return JSON.parse(text) as Entry;
}
