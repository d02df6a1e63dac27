import { spawnSync } from 'node:child_process';

/** Whether tests may mount file systems and give a process another host name: as root, on most machines. */
export const mayMount = spawnSync('unshare', ['--mount', '--uts', 'true']).status === 0;
