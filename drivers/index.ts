import type { AnyDriver } from '../core/driver.ts';
import http from './http/index.ts';
import mariadb from './mariadb/index.ts';
import memory from './memory/index.ts';
import mysql from './mysql/index.ts';
import nginx from './nginx/index.ts';
import postgres from './postgres/index.ts';
import redis from './redis/index.ts';
import toxiproxy from './toxiproxy/index.ts';
import valkey from './valkey/index.ts';

/** Every technology that a strategy can name. */
export const drivers = {
  http,
  mariadb,
  memory,
  mysql,
  nginx,
  postgres,
  redis,
  toxiproxy,
  valkey,
} satisfies Record<string, AnyDriver>;
