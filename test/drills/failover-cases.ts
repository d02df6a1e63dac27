/**
 * What is done to the promoted server before clients are sent to it; null: nothing. The old primary is as it
 * was.
 */
export interface Failover {
  name: string;
  /** `by hand`: planned, and promoted by statements of the user's own. */
  how: 'planned' | 'by hand' | 'region lost';
  spoil: string | null;
  exitCode: 0 | 1;
  says: RegExp;
}

const whole = /definitions, 3 rows of 1 tables, .* are as before/;

export const failovers: Failover[] = [
  {
    name: 'planned, and the promoted server lacks a row that the old primary has',
    how: 'planned',
    spoil: 'DELETE FROM app.item WHERE id = 3',
    exitCode: 1,
    says: /rows of app\.item: 2 rows, 3 before/,
  },
  {
    name: 'planned, its control with a promoted server that is whole',
    how: 'planned',
    spoil: null,
    exitCode: 0,
    says: whole,
  },
  {
    name: 'by statements of their own, and the server that a proxy is moved to lacks a row',
    how: 'by hand',
    spoil: 'DELETE FROM app.item WHERE id = 3',
    exitCode: 1,
    says: /rows of app\.item: 2 rows, 3 before/,
  },
  {
    name: 'by statements of their own, its control with a server that is whole',
    how: 'by hand',
    spoil: null,
    exitCode: 0,
    says: whole,
  },
  {
    name: 'the region is lost, and the promoted server lacks a table',
    how: 'region lost',
    spoil: 'DROP TABLE app.item',
    exitCode: 1,
    says: /TABLE app\.item is missing/,
  },
  {
    name: 'the region is lost, its control with a promoted server that is whole',
    how: 'region lost',
    spoil: null,
    exitCode: 0,
    says: whole,
  },
];
