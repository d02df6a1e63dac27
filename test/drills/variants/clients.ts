import { swap, type Variant } from './variant.ts';

const soon = (scenario: string): string =>
  scenario.includes('giveUp:') ? scenario.replace(/^giveUp:.*$/m, 'giveUp: 10s') : `${scenario}giveUp: 10s\n`;

export const variants: Variant[] = [
  {
    scenario: 'standby/proxy-failover',
    why: 'nobody moves the clients over',
    change: (files) => ({
      ...files,
      scenario: soon(files.scenario.replace(/^recover:.*$/m, 'recover: automatic')),
    }),
    expect: { exitCode: 1, fails: ['rto/proxy', 'rto/drill'] },
  },
  {
    scenario: 'standby/proxy-failover',
    why: 'the standby shows another certificate',
    change: (files) => ({
      ...files,
      scenario: soon(files.scenario),
      stack: swap(
        swap(
          files.stack,
          'profiles: [standby]',
          'profiles: [standby]\n    secrets: [{ source: other-certificate, target: tls-certificate }, tls-key]',
        ),
        'secrets:\n  tls-certificate:',
        'secrets:\n  other-certificate: { environment: MUSTER_TLS_CERT_WRONG }\n  tls-certificate:',
      ),
    }),
    expect: { exitCode: 1, fails: ['check/proxy.tls-continuity', 'rto/proxy'] },
  },
  {
    scenario: 'reference/app-crash',
    why: 'no restart policy brings the application back',
    change: (files) => ({
      ...files,
      scenario: soon(files.scenario),
      stack: swap(
        files.stack,
        'ports: ["127.0.0.1::3000"]\n    restart: unless-stopped',
        'ports: ["127.0.0.1::3000"]\n    restart: "no"',
      ),
    }),
    expect: { exitCode: 1, fails: ['rto/app', 'rto/drill'] },
  },
];
