import type { MysqlStack } from '../mysql-stack.ts';

/** One of each kind of thing that a dump of MariaDB can miss, in a database of its own. */
export const makeFeatures = async ({ sql }: MysqlStack): Promise<void> =>
  void (await sql(
    'DROP DATABASE IF EXISTS shop',
    'CREATE DATABASE shop CHARACTER SET utf8mb4',
    'CREATE TABLE shop.notes (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(100)) CHARACTER SET utf8mb4',
    "INSERT INTO shop.notes (text) VALUES ('plain'), ('ümlaut'), ('😀 emoji'), ('gone')",
    // The counter is beyond every row that is left.
    "DELETE FROM shop.notes WHERE text = 'gone'",
    'CREATE TABLE shop.prices (id INT PRIMARY KEY, cents INT) WITH SYSTEM VERSIONING',
    'INSERT INTO shop.prices VALUES (1, 100), (2, 200)',
    'UPDATE shop.prices SET cents = cents + 1',
    'DELETE FROM shop.prices WHERE id = 2',
    `CREATE TABLE shop.rates (id INT PRIMARY KEY, rate DOUBLE, since TIMESTAMP(6) GENERATED ALWAYS AS ROW START, until TIMESTAMP(6) GENERATED ALWAYS AS ROW END,
       PERIOD FOR SYSTEM_TIME (since, until)) WITH SYSTEM VERSIONING`,
    'INSERT INTO shop.rates (id, rate) VALUES (1, 0.1)',
    'UPDATE shop.rates SET rate = 0.2',
    'CREATE SEQUENCE shop.numbers START WITH 100 INCREMENT BY 10 CACHE 5',
    'SELECT NEXTVAL(shop.numbers)',
    'CREATE TABLE shop.kinds (id INT PRIMARY KEY, a INET6, u UUID, j JSON, b BIT(9), g POINT, e ENUM("x", "y"), d DATETIME(6), v INT AS (id * 2) VIRTUAL, KEY (v))',
    `INSERT INTO shop.kinds (id, a, u, j, b, g, e, d) VALUES (1, '::1', '123e4567-e89b-12d3-a456-426655440000', '{"a": 1}', b'101', POINT(1, 2), 'y', '2026-01-01 00:00:00.123456')`,
    "CREATE VIEW shop.plain AS SELECT id FROM shop.notes WHERE text = 'plain'",
    'CREATE PROCEDURE shop.tidy() DELETE FROM shop.notes WHERE id < 0',
    'CREATE FUNCTION shop.twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2',
    'CREATE TRIGGER shop.stamp BEFORE INSERT ON shop.notes FOR EACH ROW SET NEW.text = TRIM(NEW.text)',
    'CREATE EVENT shop.nightly ON SCHEDULE EVERY 1 DAY STARTS NOW() + INTERVAL 1 DAY DO DO 0',
    'CREATE TABLE shop.words (id INT PRIMARY KEY, text TEXT, FULLTEXT (text))',
    "INSERT INTO shop.words VALUES (1, 'a full text of several words'), (2, 'others')",
    "CREATE ROLE IF NOT EXISTS 'reader'",
    "GRANT SELECT ON shop.* TO 'reader'",
    "CREATE OR REPLACE USER 'clerk'@'%' IDENTIFIED BY 'a password' REQUIRE NONE WITH MAX_USER_CONNECTIONS 7",
    "GRANT 'reader' TO 'clerk'@'%'",
    "SET DEFAULT ROLE 'reader' FOR 'clerk'@'%'",
  ));

/** Options that a dump of it all takes, and an operator may have left out. */
export const allOptions = [
  '--routines',
  '--events',
  '--triggers',
  '--dump-history',
  '--hex-blob',
  '--default-character-set=utf8mb4',
];
