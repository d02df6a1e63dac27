import type { Session } from './session.ts';

/**
 * Settings that a restore could leave other than they were: durability above all, then what decides how data
 * is read.
 */
const watchedSettings = [
  'innodb_flush_log_at_trx_commit',
  'sync_binlog',
  'innodb_doublewrite',
  'log_bin',
  'gtid_mode',
  'enforce_gtid_consistency',
  'binlog_format',
  'binlog_row_image',
  'super_read_only',
  'read_only',
  'offline_mode',
  'event_scheduler',
  'innodb_page_size',
  'innodb_data_file_path',
  'lower_case_table_names',
  'character_set_server',
  'collation_server',
  'sql_mode',
  'max_allowed_packet',
  'innodb_buffer_pool_size',
  'innodb_redo_log_capacity',
  'time_zone',
];

export type Settings = Record<string, string>;

export async function readSettings(session: Session): Promise<Settings> {
  const variables = await session.rows<{ Variable_name: string; Value: string }>(
    'SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)',
    [watchedSettings],
  );
  const status = await session.rows<{ Variable_name: string; Value: string }>(
    "SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'",
  );
  return Object.fromEntries(
    [...variables, ...status].map((row) => [row.Variable_name.toLowerCase(), row.Value]),
  );
}

/**
 * Settings by which a server that holds everything may yet be of no use to its application: who gets in, for
 * how long, and what may be asked.
 */
const clientSettings = [
  'max_connections',
  'max_user_connections',
  'max_connect_errors',
  'connect_timeout',
  'wait_timeout',
  'interactive_timeout',
  'net_read_timeout',
  'net_write_timeout',
  'require_secure_transport',
  'init_connect',
  'max_prepared_stmt_count',
  'activate_all_roles_on_login',
  'mandatory_roles',
  'partial_revokes',
  'local_infile',
  'lock_wait_timeout',
  'innodb_lock_wait_timeout',
  'innodb_rollback_on_timeout',
  'max_execution_time',
  'transaction_read_only',
  'transaction_isolation',
  'autocommit',
  'sql_select_limit',
  'max_join_size',
  'sql_big_selects',
  'sql_safe_updates',
  'group_concat_max_len',
  'foreign_key_checks',
  'unique_checks',
  'auto_increment_increment',
  'auto_increment_offset',
  'binlog_expire_logs_seconds',
];

export async function readClientSettings({ rows }: Session): Promise<Settings> {
  const found = await rows<{ Variable_name: string; Value: string }>(
    'SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)',
    [clientSettings],
  );
  return Object.fromEntries(found.map((row) => [row.Variable_name.toLowerCase(), row.Value]));
}

/** Settings that differ, in words: `sync_binlog is 0, was 1`. */
export const settingsChanged = (before: Settings, now: Settings): string[] =>
  Object.keys(before)
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name} is ${now[name] ?? 'gone'}, was ${before[name]}`);
