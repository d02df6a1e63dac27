/**
 * TIMESTAMPs that were written in one zone and come back in another, as by a dump, which is loaded in UTC.
 * `made` and `again` run in a session in their zone; the server itself is in UTC. `red`: what the inventory
 * says of it; null where it must be silent.
 */
export interface Zone {
  name: string;
  made: string[];
  again: { zone: string; statements: string[] };
  red: RegExp | null;
}

export const madeIn = '+09:00';

/** The same moment, as a session in that zone says it. */
const in9 = "'2026-03-01 03:00:00'";
const in0 = "'2026-02-28 18:00:00'";
const anew = (table: string, moment: string): string[] => [
  `CREATE TABLE app.copy LIKE app.${table}`,
  `INSERT INTO app.copy (id, at) VALUES (1, ${moment})`,
  `DROP TABLE app.${table}`,
  `RENAME TABLE app.copy TO app.${table}`,
];

const stored =
  'CREATE TABLE app.visit (id INT PRIMARY KEY, at TIMESTAMP NOT NULL, day DATE AS (DATE(at)) STORED)';
const indexed =
  'CREATE TABLE app.visit (id INT PRIMARY KEY, at TIMESTAMP NOT NULL, day DATE AS (DATE(at)) VIRTUAL, KEY by_day (id, day))';
const functional =
  'CREATE TABLE app.visit (id INT PRIMARY KEY, at TIMESTAMP NOT NULL, KEY by_day ((DATE(at))))';
const insert = `INSERT INTO app.visit (id, at) VALUES (1, ${in9})`;

export const zones: Zone[] = [
  {
    name: 'a stored column has the day of another zone',
    made: [stored, insert],
    again: { zone: '+00:00', statements: anew('visit', in0) },
    red: /rows of app\.visit: 1 rows, and not all as before/,
  },
  {
    name: 'a stored column has the day of its own zone',
    made: [stored, insert],
    again: { zone: '+09:00', statements: anew('visit', in9) },
    red: null,
  },
  {
    name: 'an index has the day of another zone, and finds no row of that day',
    made: [indexed, insert],
    again: { zone: '+00:00', statements: anew('visit', in0) },
    red: /index app\.visit\.by_day over what is generated: of the same rows it holds other values/,
  },
  {
    name: 'an index has the day of its own zone',
    made: [indexed, insert],
    again: { zone: '+09:00', statements: anew('visit', in9) },
    red: null,
  },
  {
    name: 'an index over an expression has the day of another zone',
    made: [functional, insert],
    again: { zone: '+00:00', statements: anew('visit', in0) },
    red: /index app\.visit\.by_day over what is generated/,
  },
  {
    name: 'an index over an expression has the day of its own zone',
    made: [functional, insert],
    again: { zone: '+09:00', statements: anew('visit', in9) },
    red: null,
  },
  {
    name: 'a moment itself came back by a session in another zone: it is the same',
    made: ['CREATE TABLE app.visit (id INT PRIMARY KEY, at TIMESTAMP NOT NULL)', insert],
    again: { zone: '+00:00', statements: anew('visit', in0) },
    red: null,
  },
  {
    name: 'a moment came back as the text of another zone, as by a dump without tz-utc',
    made: ['CREATE TABLE app.visit (id INT PRIMARY KEY, at TIMESTAMP NOT NULL)', insert],
    again: { zone: '+00:00', statements: anew('visit', in9) },
    red: /rows of app\.visit: 1 rows, and not all as before/,
  },
];

/** By the files of the host, and a start: no setting of the server is another. */
export const otherZone = 'the server runs in another zone of its host, and every client is told another time';
