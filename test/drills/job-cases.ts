/**
 * A job that ends well by itself: `until` is a command in its container. The load has written more than that
 * long before the fault.
 */
export interface JobCase {
  name: string;
  until: string;
  staysAway: string[];
  exitCode: 0 | 1;
  says: RegExp | null;
}

const written = 'test "$(redis-cli -h redis dbsize)" -gt 100';
/** Another process answers than at first, or none: that nobody answers is over too soon to be seen by all. */
const asked = 'redis-cli -h redis info server | grep ^run_id';
const gone = `: "\${first:=$(${asked})}"; test -n "$first" && test "$(${asked})" != "$first"`;

export const jobs: JobCase[] = [
  {
    name: 'a job runs at the fault, and ends well after it',
    until: gone,
    staysAway: [],
    exitCode: 1,
    says: /exited, code 0; before the fault: running\. Where it is a job .* staysAway/,
  },
  {
    name: 'a job runs at the fault, ends well after it, and the scenario says that it stays away',
    until: gone,
    staysAway: ['migrate'],
    exitCode: 0,
    says: /meant to stay away/,
  },
  {
    name: 'a job ends well under the load, before the fault',
    until: written,
    staysAway: [],
    exitCode: 0,
    says: null,
  },
];
