import { describe } from 'vitest';
import { mysqlStackUp } from '../mysql-stack.ts';
import { limitedCases } from './limited-cases.ts';

describe('an account of MySQL that owns one database', () => limitedCases(mysqlStackUp, 'MYSQL_PASSWORD'));
