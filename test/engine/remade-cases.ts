/**
 * What each tool writes otherwise when it dumps the same data again. That a dump is such a one, though
 * clients wrote meanwhile, makes it no recovery point; beside it a row is another.
 */
export interface Remade {
  tool: string;
  name: string;
  differs: RegExp;
}

export const remade: Remade[] = [
  { tool: 'pg_dump', name: 'the word that no client may have', differs: /(?<=restrict )\S+/g },
  { tool: 'mysqldump', name: 'the time at its end', differs: /(?<=completed on ).*/g },
  { tool: 'mariadb-dump', name: 'the time at its end', differs: /(?<=completed on ).*/g },
  { tool: 'redis-cli --rdb', name: 'the checksum', differs: /[^]{8}$/g },
];
