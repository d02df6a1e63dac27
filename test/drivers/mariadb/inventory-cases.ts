import { allOptions } from './features.ts';

/** How something is lost: by a dump and its load, or by a statement. */
export interface Loss {
  name: string;
  /** Of the dump. */
  options?: readonly string[];
  /** What the dump is piped through. */
  through?: string;
  sql?: string;
  /** What the inventory says of it. */
  said: RegExp[];
}

const without = (...names: string[]): string[] => allOptions.filter((one) => !names.includes(one));

export const losses: Loss[] = [
  {
    name: 'routines were left out',
    options: without('--routines'),
    said: [/PROCEDURE shop\.tidy is missing/, /FUNCTION shop\.twice is missing/],
  },
  {
    name: 'triggers were left out',
    options: [...without('--triggers'), '--skip-triggers'],
    said: [/TRIGGER shop\.stamp is missing/],
  },
  {
    name: 'events were left out',
    options: without('--events'),
    said: [/EVENT shop\.nightly is missing/],
  },
  {
    name: 'emoji were lost by the character set',
    options: [...without('--default-character-set=utf8mb4'), '--default-character-set=latin1'],
    said: [/rows of shop\.notes: 3 rows, and not all as before/],
  },
  {
    name: 'a counter fell back',
    through: "sed 's/ AUTO_INCREMENT=[0-9]*//'",
    said: [/AUTO_INCREMENT of shop\.notes: 4, was 5: numbers are given out a second time/],
  },
  {
    name: 'a sequence was lost',
    options: [...allOptions, '--ignore-table=shop.numbers'],
    said: [/SEQUENCE shop\.numbers is missing/],
  },
  {
    name: 'a sequence fell back',
    through: "sed '/SETVAL/d'",
    said: [/sequence shop\.numbers: 100, was 150: numbers are given out a second time/],
  },
  {
    name: 'past rows of versioned tables were left out',
    options: without('--dump-history'),
    said: [/rows of shop\.prices: 1 rows, 4 before/, /rows of shop\.rates: 1 rows, 2 before/],
  },
  {
    name: 'a role was taken away from an account',
    sql: "REVOKE 'reader' FROM 'clerk'@'%'",
    said: [/account clerk@%: other grants/],
  },
  {
    name: 'an account has another password',
    sql: "SET PASSWORD FOR 'clerk'@'%' = PASSWORD('another')",
    said: [/account clerk@%: another password/],
  },
  {
    name: 'the server takes no writes any more',
    sql: 'SET GLOBAL read_only = ON',
    said: [/setting read_only: ON, was OFF/],
  },
];
