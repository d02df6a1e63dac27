/** A database with something of each kind that a dump must bring back, and what it is like to lose each. */

export const shop = [
  "CREATE ROLE clerk LOGIN PASSWORD 'cl3rk' CONNECTION LIMIT 20",
  'CREATE ROLE staff NOLOGIN',
  'CREATE ROLE guest',
  'GRANT staff TO clerk WITH ADMIN OPTION',
  'CREATE EXTENSION citext',
  "CREATE TYPE state AS ENUM ('new', 'paid')",
  'CREATE DOMAIN price AS numeric(10, 2) CHECK (VALUE >= 0)',
  'CREATE TABLE customers (id serial PRIMARY KEY, mail citext NOT NULL UNIQUE, name text)',
  "INSERT INTO customers (mail, name) SELECT 'c' || n || '@example.org', CASE WHEN n % 7 > 0 THEN 'Zoë ' || n END FROM generate_series(1, 500) AS n",
  `CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY, customer int NOT NULL REFERENCES customers, at date NOT NULL, total price NOT NULL, state state NOT NULL DEFAULT 'new',
     tax numeric GENERATED ALWAYS AS (total * 0.19) STORED, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)`,
  "CREATE TABLE orders_2026 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
  'CREATE TABLE orders_older PARTITION OF orders DEFAULT',
  "INSERT INTO orders (customer, at, total) SELECT 1 + n % 500, date '2025-12-01' + n % 60, n FROM generate_series(1, 2000) AS n",
  'ALTER TABLE customers ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID',
  'CREATE INDEX customers_name ON customers (name)',
  'CREATE VIEW dues AS SELECT customer, sum(total) AS due FROM orders GROUP BY customer',
  "CREATE MATERIALIZED VIEW months AS SELECT date_trunc('month', at) AS month, count(*) AS orders FROM orders GROUP BY 1",
  "CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := trim(NEW.name); RETURN NEW; END'",
  'CREATE TRIGGER tidy BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION tidy()',
  "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'",
  'CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watch()',
  'ALTER TABLE customers ENABLE ROW LEVEL SECURITY',
  "CREATE POLICY own ON customers TO clerk USING (mail LIKE '%@example.org')",
  'GRANT SELECT, INSERT ON customers TO clerk',
  'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO staff',
  'CREATE TABLE owned (id int)',
  'ALTER TABLE owned OWNER TO clerk',
  'CREATE UNLOGGED TABLE cache (key text PRIMARY KEY, value text)',
  "INSERT INTO cache VALUES ('a', '1')",
  "SELECT lo_from_bytea(4711, 'a picture')",
  'CREATE PUBLICATION everything FOR TABLE customers',
  "ALTER DATABASE app SET statement_timeout = '5min'",
  "ALTER ROLE clerk IN DATABASE app SET work_mem = '5MB'",
  "ALTER SYSTEM SET log_min_duration_statement = '250ms'",
  'SELECT pg_reload_conf()',
  'CREATE DATABASE "ot=her \'s" OWNER clerk',
  'CREATE DATABASE spare',
];

export interface Loss {
  name: string;
  spoil: string[];
  mend: string[];
  red: RegExp;
}

export const losses: Loss[] = [
  {
    name: 'rows are missing',
    spoil: ['CREATE TABLE muster.kept AS SELECT * FROM cache', 'DELETE FROM cache'],
    mend: ['INSERT INTO cache SELECT * FROM muster.kept', 'DROP TABLE muster.kept'],
    red: /rows of public\.cache: 0 rows, 1 before/,
  },
  {
    name: 'an empty value is where none was',
    spoil: ["UPDATE customers SET name = '' WHERE id = 7"],
    mend: [
      'SET session_replication_role = replica',
      'ALTER TABLE customers DROP CONSTRAINT named',
      'UPDATE customers SET name = NULL WHERE id = 7',
      'ALTER TABLE customers ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID',
    ],
    red: /rows of public\.customers: 500 rows, and not all as before/,
  },
  {
    name: 'a sequence has fallen back',
    spoil: ["SELECT setval('customers_id_seq', 20)"],
    mend: ["SELECT setval('customers_id_seq', 500)"],
    red: /sequence public\.customers_id_seq: 20, was 500: numbers are given out a second time/,
  },
  {
    name: 'a sequence was never told where it stood',
    spoil: ['ALTER SEQUENCE customers_id_seq RESTART'],
    mend: ["SELECT setval('customers_id_seq', 500)"],
    red: /sequence public\.customers_id_seq: never used, was 500/,
  },
  {
    name: 'a role is missing',
    spoil: ['DROP ROLE guest'],
    mend: ['CREATE ROLE guest'],
    red: /role guest is missing/,
  },
  {
    name: 'a role is in a group no more',
    spoil: ['REVOKE staff FROM clerk'],
    mend: ['GRANT staff TO clerk WITH ADMIN OPTION'],
    red: /role clerk: member of none, was of /,
  },
  {
    name: 'a role lost its password',
    spoil: [
      "CREATE TABLE muster.kept AS SELECT rolpassword FROM pg_authid WHERE rolname = 'clerk'",
      'ALTER ROLE clerk PASSWORD NULL',
    ],
    mend: [
      "DO $$BEGIN EXECUTE (SELECT format('ALTER ROLE clerk PASSWORD %L', rolpassword) FROM muster.kept); END$$",
      'DROP TABLE muster.kept',
    ],
    red: /role clerk: its password is lost/,
  },
  {
    name: 'an index is invalid',
    spoil: ["UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'customers_name'::regclass"],
    mend: ["UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'customers_name'::regclass"],
    red: /index public\.customers_name is invalid/,
  },
  {
    name: 'an index is missing',
    spoil: ['DROP INDEX customers_name'],
    mend: ['CREATE INDEX customers_name ON customers (name)'],
    red: /definition of INDEX public\.customers_name is missing/,
  },
  {
    name: 'a table belongs to who loaded it',
    spoil: ['ALTER TABLE owned OWNER TO postgres'],
    mend: ['ALTER TABLE owned OWNER TO clerk'],
    red: /definition of TABLE public\.owned: another definition/,
  },
  {
    name: 'what somebody may do is missing',
    spoil: ['REVOKE INSERT ON customers FROM clerk'],
    mend: ['GRANT INSERT ON customers TO clerk'],
    red: /definition of TABLE public\.customers: another definition/,
  },
  {
    name: 'what is granted by default is missing',
    spoil: ['ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM staff'],
    mend: ['ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO staff'],
    red: /definition of DEFAULT PRIVILEGES postgres\/\/r is missing/,
  },
  {
    name: 'a trigger is off',
    spoil: ['ALTER TABLE customers DISABLE TRIGGER tidy'],
    mend: ['ALTER TABLE customers ENABLE TRIGGER tidy'],
    red: /definition of TRIGGER public\.customers\.tidy: another definition/,
  },
  {
    name: 'an event trigger is missing',
    spoil: ['DROP EVENT TRIGGER watch'],
    mend: ['CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watch()'],
    red: /definition of EVENT TRIGGER watch is missing/,
  },
  {
    name: 'a policy of rows is missing',
    spoil: ['DROP POLICY own ON customers'],
    mend: ["CREATE POLICY own ON customers TO clerk USING (mail LIKE '%@example.org')"],
    red: /definition of POLICY public\.customers\.own is missing/,
  },
  {
    name: 'policies of rows are off',
    spoil: ['ALTER TABLE customers DISABLE ROW LEVEL SECURITY'],
    mend: ['ALTER TABLE customers ENABLE ROW LEVEL SECURITY'],
    red: /definition of TABLE public\.customers: another definition/,
  },
  {
    name: 'a function is missing',
    spoil: ['DROP EVENT TRIGGER watch', 'DROP FUNCTION watch()'],
    mend: [
      "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'",
      'CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watch()',
    ],
    red: /definition of ROUTINE public\.watch\(\) is missing/,
  },
  {
    name: 'a constraint is taken as checked that is not',
    spoil: ["UPDATE pg_constraint SET convalidated = true WHERE conname = 'named'"],
    mend: ["UPDATE pg_constraint SET convalidated = false WHERE conname = 'named'"],
    red: /definition of CONSTRAINT public\.customers\.named: another definition/,
  },
  {
    name: 'a large object is another',
    spoil: ["SELECT lo_put(4711, 0, 'b')"],
    mend: ["SELECT lo_put(4711, 0, 'a')"],
    red: /rows of large objects: 1 rows, and not all as before/,
  },
  {
    name: 'a publication is missing',
    spoil: ['DROP PUBLICATION everything'],
    mend: ['CREATE PUBLICATION everything FOR TABLE customers'],
    red: /definition of PUBLICATION everything is missing/,
  },
  {
    name: 'a setting by ALTER SYSTEM is lost',
    spoil: ['ALTER SYSTEM RESET log_min_duration_statement', 'SELECT pg_reload_conf()'],
    mend: ["ALTER SYSTEM SET log_min_duration_statement = '250ms'", 'SELECT pg_reload_conf()'],
    red: /setting by ALTER SYSTEM log_min_duration_statement is missing/,
  },
  {
    name: 'a setting of a database is lost',
    spoil: ['ALTER DATABASE app RESET statement_timeout'],
    mend: ["ALTER DATABASE app SET statement_timeout = '5min'"],
    red: /setting of app and every role is missing/,
  },
  {
    name: 'a setting of a role in a database is lost',
    spoil: ['ALTER ROLE clerk IN DATABASE app RESET work_mem'],
    mend: ["ALTER ROLE clerk IN DATABASE app SET work_mem = '5MB'"],
    red: /setting of app and clerk is missing/,
  },
  {
    name: 'a database is missing',
    spoil: ['DROP DATABASE spare'],
    mend: ['CREATE DATABASE spare'],
    red: /definition of DATABASE spare is missing/,
  },
  {
    name: 'a replication slot was left behind',
    spoil: ["SELECT pg_create_physical_replication_slot('left_behind')"],
    mend: ["SELECT pg_drop_replication_slot('left_behind')"],
    red: /replication slot left_behind was not there before/,
  },
];
