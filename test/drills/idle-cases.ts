/** What a script does that is to restore a Redis which saves nothing by itself, and what the drill says. */
export interface IdleCase {
  name: string;
  fault: 'crash' | 'wipe-volume';
  restore: string;
  exitCode: 0 | 2;
  /** Of the finding that is open. */
  says?: RegExp;
}

export const idleCases: IdleCase[] = [
  {
    name: 'a script that does nothing, where a crash threw away all that is missing',
    fault: 'crash',
    restore: 'echo restored',
    exitCode: 2,
    says: /a script that did nothing would have come to the same/,
  },
  {
    name: 'a script that restores an emptied volume',
    fault: 'wipe-volume',
    restore: `cp "$MUSTER_FILE" /data/dump.rdb; redis-cli -h redis SHUTDOWN NOSAVE || true
  until [ "$(redis-cli -h redis PING)" = PONG ]; do sleep 0.1; done`,
    exitCode: 0,
  },
];
