import { describe } from 'vitest';
import mariadb from '../../../drivers/mariadb/index.ts';
import { stackUp } from '../mysql-stack.ts';
import { limitedCases } from '../mysql/limited-cases.ts';

describe('an account of MariaDB that owns one database', () =>
  limitedCases(() => stackUp('mariadb', mariadb), 'MARIADB_PASSWORD'));
