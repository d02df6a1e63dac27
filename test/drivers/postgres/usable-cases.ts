/** What stands at the end of a dump that was made well; `says`: what is told of it. */
export interface UsableCase {
  name: string;
  statements: string[];
  says: RegExp;
  /** By name, what could not be looked at. */
  unseen?: string[];
}

/** Nobody listens there. */
const far = [
  'CREATE EXTENSION postgres_fdw SCHEMA public',
  "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1', dbname 'app')",
  'CREATE FOREIGN TABLE public.away (id int) SERVER far',
];
const away = 'CREATE VIEW public.seen_from_here AS SELECT id FROM public.away';
const notLookedAt = /; \d+ views were not looked at, for their data lies elsewhere/;

/** As it was at the source: a perfect restore brings it. */
export const faithful: UsableCase[] = [
  {
    name: 'a constraint that is NOT VALID, and a row that does not keep it',
    statements: ['ALTER TABLE public.orders ADD CONSTRAINT few CHECK (id < 10) NOT VALID'],
    says: /can be used; constraint public\.orders\.few is NOT VALID, as in the backup/,
  },
  {
    name: 'a foreign key that is NOT VALID',
    statements: [
      'CREATE TABLE public.lines (customer int)',
      'INSERT INTO public.lines VALUES (4711)',
      'ALTER TABLE public.lines ADD CONSTRAINT known FOREIGN KEY (customer) REFERENCES public.customers NOT VALID',
    ],
    says: /can be used; constraint public\.lines\.known is NOT VALID, as in the backup/,
  },
  {
    name: 'a constraint of a domain that is NOT VALID',
    statements: [
      'CREATE DOMAIN public.small AS int',
      'ALTER DOMAIN public.small ADD CONSTRAINT low CHECK (VALUE < 10) NOT VALID',
    ],
    says: /can be used; constraint public\.small\.low is NOT VALID, as in the backup/,
  },
  {
    name: 'a view, and one over it, of a table on a server that cannot be reached',
    statements: [
      ...far,
      "CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'app', password 'of there')",
      away,
      'CREATE VIEW public.over_it AS SELECT * FROM public.seen_from_here',
    ],
    says: notLookedAt,
    unseen: ['public.away', 'view public.over_it', 'view public.seen_from_here'],
  },
  {
    name: 'a view of such a table, to which no account leads',
    statements: [...far, away],
    says: notLookedAt,
    unseen: ['public.away', 'view public.seen_from_here'],
  },
  {
    name: 'a view of a file that is on another machine',
    statements: [
      'CREATE EXTENSION file_fdw SCHEMA public',
      'CREATE SERVER files FOREIGN DATA WRAPPER file_fdw',
      "CREATE FOREIGN TABLE public.prices (id int) SERVER files OPTIONS (filename '/import/prices.csv')",
      'CREATE VIEW public.seen_from_here AS SELECT id FROM public.prices',
    ],
    says: notLookedAt,
    unseen: ['public.prices', 'view public.seen_from_here'],
  },
];

/** What cannot be used. */
export const unusable: UsableCase[] = [
  {
    name: 'an index that was never made valid',
    statements: [
      'CREATE INDEX by_name ON public.customers (name)',
      "UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = 'public.by_name'::regclass",
    ],
    says: /public\.by_name was never made valid/,
  },
  {
    name: 'a view of what is missing',
    statements: [
      'SET check_function_bodies = false',
      "CREATE FUNCTION public.gone () RETURNS SETOF int STABLE LANGUAGE sql AS 'SELECT id FROM public.nothing'",
      'CREATE VIEW public.broken AS SELECT * FROM public.gone()',
    ],
    says: /view public\.broken cannot be read \(.*nothing/,
  },
  {
    name: 'a view whose owner may not read what it shows',
    statements: [
      'CREATE VIEW public.broken AS SELECT id FROM public.customers',
      'ALTER VIEW public.broken OWNER TO clerk',
    ],
    says: /view public\.broken cannot be read \(.*permission denied/,
  },
];
