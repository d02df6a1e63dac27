/**
 * Faults of PostgreSQL whose effect is asked for again: there where nobody repaired it, and not where the
 * data was restored.
 */
export interface StillThere {
  fault: string;
  /** Of the table `public.note`, where it is of one. */
  params?: Record<string, string | number>;
  says: RegExp;
  /** The volume is empty at last: whatever comes up then is a new server. */
  emptied?: true;
}

const table = 'public.note';

export const postgresFaults: StillThere[] = [
  { fault: 'drop-table', params: { table }, says: /^another session finds no table public\.note in / },
  {
    fault: 'delete-rows',
    params: { table, share: 0.5, seed: 7 },
    says: /^another session counts \d+ rows in public\.note, where 3000 were/,
  },
  {
    fault: 'corrupt-rows',
    params: { table, column: 'text', share: 0.5, seed: 7 },
    says: /rows of public\.note have the text that the fault gave them$/,
  },
  {
    fault: 'corrupt-pages',
    params: { table, pages: 2, seed: 7 },
    says: /^(reading all of public\.note fails|page \d+ of public\.note is as the fault left it)/,
  },
  { fault: 'wipe-volume', says: /^of 1 tables of app clients find none$/ },
  { fault: 'encrypt-volume', says: /^of 1 tables of app clients find none$/, emptied: true },
];
