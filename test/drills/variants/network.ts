import { swap, type Variant } from './variant.ts';

export const variants: Variant[] = [
  {
    scenario: 'reference/certificate-expired',
    why: 'it is renewed by one for another name',
    change: (files) => ({
      ...files,
      strategy: swap(
        files.strategy,
        'caFrom: MUSTER_TLS_CA }\n  way',
        'caFrom: MUSTER_TLS_CA }\n      certificateFrom: MUSTER_TLS_CERT_WRONG\n  way',
      ),
      scenario: `${files.scenario}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['recovery', 'rto/app'] },
  },
  {
    scenario: 'reference/proxy-dead',
    why: 'there is no restart policy',
    change: (files) => ({
      ...files,
      stack: swap(
        files.stack,
        'ports: ["127.0.0.1::443"]\n    restart: unless-stopped',
        'ports: ["127.0.0.1::443"]\n    restart: "no"',
      ),
      scenario: `${files.scenario}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['rto/proxy'] },
  },
  {
    // Nothing can be read back through it either: of the data nothing is judged, and the objective is missed
    // all the same.
    scenario: 'reference/redis-slow-network',
    why: 'nobody mends it',
    change: (files) => ({
      ...files,
      scenario: `${swap(files.scenario, 'recover: [{ run: reset-way }]', 'recover: automatic')}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['rto/redis'] },
  },
  {
    scenario: 'reference/redis-volume-lost',
    why: 'what was revoked after the snapshot is accepted again, because no session is invalidated',
    change: (files) => ({
      ...files,
      scenario: swap(files.scenario, '  - { run: call, with: { name: invalidate-sessions } }\n', ''),
    }),
    expect: { exitCode: 1, fails: ['integrity/logins/resurrected'] },
  },
];
