import { swap, type Variant } from './variant.ts';

const appPolicy = 'ports: ["127.0.0.1::3000"]\n    restart: unless-stopped';

/** Users who cannot log in are waited for. */
const checks = 'check: [ledger, probes]';

/** Recoveries that must not pass for carried out where what they rest on is not there. */
export const variants: Variant[] = [
  {
    scenario: 'reference/app-hang',
    why: 'the health check sees the hung application and does nothing about it',
    long: true,
    change: (files) => ({
      ...files,
      stack: swap(files.stack, 'kill -KILL -1', 'exit 1'),
      scenario: `${swap(files.scenario, checks, 'check: [ledger]')}giveUp: 25s\n`,
    }),
    expect: { exitCode: 1, fails: ['rto/app'] },
  },
  {
    scenario: 'reference/app-killed-again',
    why: 'a restart policy that gives up too early',
    change: (files) => ({
      ...files,
      stack: swap(files.stack, appPolicy, appPolicy.replace('unless-stopped', 'on-failure:2')),
      scenario: `${files.scenario}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['rto/app'] },
  },
  {
    scenario: 'reference/app-redeployed',
    why: 'nobody redeploys it',
    change: (files) => ({
      ...files,
      scenario: `${swap(files.scenario, 'recover: [{ restore: app, from: offsite }]', 'recover: automatic')}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['rto/app'] },
  },
  {
    scenario: 'reference/app-redeployed',
    why: 'the image backup was tampered with',
    change: (files) => ({
      ...files,
      scenario: `${swap(files.scenario, 'fault: { remove-container: app, at: +8s }', 'fault: [{ remove-container: app, at: +5s }, { object-corrupted: offsite, at: restore.begun }]')}giveUp: 5s\n`,
    }),
    expect: { exitCode: 1, fails: ['recovery', 'rto/app'] },
  },
  {
    scenario: 'reference/redis-away-fallback',
    why: 'the application keeps no sessions in its memory',
    change: (files) => ({
      ...files,
      stack: swap(files.stack, 'FALLBACK_SESSIONS_MAX: "200000"', 'FALLBACK_SESSIONS_MAX: "0"'),
    }),
    expect: { exitCode: 1, fails: ['impact/visits'] },
  },
  {
    scenario: 'reference/redis-away-fallback',
    why: 'the application dies while Redis is away, and its memory with it',
    change: (files) => ({
      ...files,
      scenario: swap(
        files.scenario,
        'fault: { stop: redis, at: +8s }',
        'fault: [{ stop: redis, at: +8s }, { crash: app, at: +11s }]',
      ),
      strategy: swap(
        files.strategy,
        'rpo: 15m }\n    backups:\n      image:',
        'rpo: 1m }\n    backups:\n      image:',
      ),
    }),
    expect: { exitCode: 1, fails: ['rpo/app'] },
  },
];
