/**
 * What the server itself does with an application's rows, by its clock. Before the first look: a table
 * `app.roles` of two rows, `app.seen` that the application changes by right, `app.armed` (empty, and
 * volatile), and the event. `after`: what happens between the two looks. `red`: what the inventory says; null
 * where it passes, and then `remark` is what it must not keep to itself, beside the volatile tables.
 */
export interface EventCase {
  name: string;
  event: string;
  after: string[];
  red: RegExp | null;
  remark?: RegExp;
  /** The second look comes only when this event is gone, or off. */
  untilOver?: string;
}

/**
 * Does nothing until the recovery brings a row of `app.armed`, as an old backup brings rows whose time has
 * come.
 */
const whenArmed = (statement: string): string =>
  `DO IF (SELECT COUNT(*) FROM app.armed) > 0 THEN ${statement}; END IF`;
const armed = ['INSERT INTO app.armed VALUES (1)'];
const soon = 'CREATE EVENT app.purge ON SCHEDULE EVERY 10 SECOND';
const once = 'CREATE EVENT app.once ON SCHEDULE AT NOW() + INTERVAL 15 SECOND';
const nightly = "CREATE EVENT app.nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00'";
const purge = 'DELETE FROM app.roles WHERE id = 2';

export const events: EventCase[] = [
  {
    name: 'an event that was there before eats a row after the recovery, seconds after the look',
    event: `${soon} ${whenArmed(purge)}`,
    after: armed,
    red: /event app\.purge ran.*rows of app\.roles: 1 rows, 2 before/,
  },
  {
    name: 'the same event finds nothing to eat',
    event: `${soon} ${whenArmed(purge)}`,
    after: [],
    red: null,
    remark: /^not compared[^;]*$/,
  },
  {
    name: 'an event changes what the application changes as well',
    event: `${soon} ${whenArmed('INSERT INTO app.seen VALUES (NULL)')}`,
    after: armed,
    red: null,
  },
  {
    name: 'an event eats a row after the look, and takes seconds for it',
    event: `${soon} ${whenArmed(`BEGIN DO SLEEP(4); ${purge}; END`)}`,
    after: armed,
    red: /rows of app\.roles: 1 rows, 2 before/,
  },
  {
    name: 'an event that happens once eats a row after the look',
    event: `${once} ${whenArmed(purge)}`,
    after: armed,
    red: /rows of app\.roles: 1 rows, 2 before/,
  },
  {
    name: 'an event that happens once, and is gone with that',
    event: `${once} ${whenArmed(purge)}`,
    after: [],
    red: null,
    remark: /^not compared[^;]*$/,
  },
  {
    name: 'an event that happens once, before the look, and is gone with that',
    event: `${once} ${whenArmed(purge)}`,
    after: [],
    untilOver: 'once',
    red: null,
    remark: /event app\.once was due meanwhile, and is gone or off since/,
  },
  {
    name: 'an event that happens once, before the look, and is off since',
    event: `${once} ON COMPLETION PRESERVE ${whenArmed(purge)}`,
    after: [],
    untilOver: 'once',
    red: null,
    remark: /event app\.once was due meanwhile/,
  },
  {
    name: 'an event that happens for the last time before the look',
    event: `CREATE EVENT app.thrice ON SCHEDULE EVERY 5 SECOND ENDS NOW() + INTERVAL 18 SECOND ${whenArmed(purge)}`,
    after: [],
    untilOver: 'thrice',
    red: null,
    remark: /event app\.thrice was due meanwhile/,
  },
  {
    name: 'an event that happens once eats a row before the look',
    event: `${once} ${whenArmed(purge)}`,
    after: armed,
    untilOver: 'once',
    red: /rows of app\.roles: 1 rows, 2 before/,
  },
  {
    name: 'an event that happens once is gone before its time',
    event: `CREATE EVENT app.once ON SCHEDULE AT '2030-01-01 03:00:00' DO ${purge}`,
    after: ['DROP EVENT app.once'],
    red: /EVENT app\.once is missing/,
  },
  {
    name: 'an event that happens once is put off, and stays on',
    event: `${once} ${whenArmed(purge)}`,
    after: ["ALTER EVENT app.once ON SCHEDULE AT '2030-01-01 03:00:00'"],
    red: /EVENT app\.once: another definition/,
  },
  {
    name: 'an event at night, of which nobody sees what it does',
    event: `${nightly} DO ${purge}`,
    after: [],
    red: null,
    remark: /event app\.nightly .*what it does then was not seen/,
  },
  { name: 'an event that is off', event: `${soon} DISABLE DO ${purge}`, after: [], red: null },
  {
    name: 'an event that was off is on',
    event: `${nightly} DISABLE DO ${purge}`,
    after: ['ALTER EVENT app.nightly ENABLE'],
    red: /EVENT app\.nightly: another definition/,
  },
  {
    name: 'an event that was on is on at the source of a replica only',
    event: `${nightly} DO ${purge}`,
    after: ['ALTER EVENT app.nightly DISABLE ON REPLICA'],
    red: /EVENT app\.nightly: another definition/,
  },
  {
    name: 'an event at another hour',
    event: `${nightly} DO ${purge}`,
    after: ['ALTER EVENT app.nightly ON SCHEDULE EVERY 1 HOUR'],
    red: /EVENT app\.nightly: another definition/,
  },
  {
    name: 'an event of another account',
    event: `${nightly} DO ${purge}`,
    after: ["ALTER DEFINER = 'root'@'localhost' EVENT app.nightly COMMENT ''"],
    red: /EVENT app\.nightly: another definition/,
  },
  {
    name: 'an event under another mode',
    event: `${nightly} DO ${purge}`,
    after: ["SET SESSION sql_mode = ''", 'DROP EVENT app.nightly', `${nightly} DO ${purge}`],
    red: /EVENT app\.nightly: another definition/,
  },
  {
    name: 'an event in another time zone',
    event: `${nightly} DO ${purge}`,
    after: ["SET SESSION time_zone = '+05:00'", 'DROP EVENT app.nightly', `${nightly} DO ${purge}`],
    red: /EVENT app\.nightly: another definition/,
  },
  {
    name: 'an event that a step made in a schema of the server',
    event: `${nightly} DO ${purge}`,
    after: [`CREATE EVENT sys.purge ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' DO ${purge}`],
    red: /EVENT sys\.purge was not there before/,
  },
  {
    name: 'events ran and run no more',
    event: `${nightly} DO ${purge}`,
    after: ['SET GLOBAL event_scheduler = OFF'],
    red: /setting event_scheduler: OFF, was ON/,
  },
  {
    name: 'events ran, and will not after the next start',
    event: `${nightly} DO ${purge}`,
    after: ['SET PERSIST_ONLY event_scheduler = OFF'],
    red: /persisted setting event_scheduler is OFF, was not persisted/,
  },
];
export const schedulerOff: EventCase[] = [
  { name: 'events did not run, and do not', event: `${soon} ${whenArmed(purge)}`, after: armed, red: null },
  {
    name: 'an event did not happen when its time came, and is gone',
    event: `${once} ${whenArmed(purge)}`,
    after: ['DROP EVENT app.once'],
    red: /EVENT app\.once is missing/,
  },
  {
    name: 'events did not run, and do now',
    event: `${nightly} DO ${purge}`,
    after: ['SET GLOBAL event_scheduler = ON'],
    red: /setting event_scheduler: ON, was OFF/,
  },
];
