import type { Accounts } from './accounts.ts';
import { json } from './shop.ts';

/** What becomes of accounts while something is broken. `red`: what the check says; null for nothing. */
export interface AccountCase {
  name: string;
  spoil(accounts: Accounts): void;
  verdict: 'pass' | 'fail' | 'inconclusive';
  red: RegExp | null;
}

export const accountCases: AccountCase[] = [
  { name: 'nothing', spoil: () => undefined, verdict: 'pass', red: null },
  {
    name: 'an account that no probe asks for is changed',
    spoil: ({ bios }) => void (bios[5] = 'other'),
    verdict: 'pass',
    red: null,
  },
  {
    name: 'a profile says another thing than before',
    spoil: ({ bios }) => void (bios[6] = 'other'),
    verdict: 'fail',
    red: /^1 of 8 probes are not; profile 2: GET \/profile: \$\.bio of its body is not what it was before$/,
  },
  {
    name: 'a profile lacks what was there',
    spoil: (accounts) =>
      void (accounts.bad = ({ path }, outgoing) =>
        path === '/profile' && json(outgoing, 200, { email: 'user0@example.test' })),
    verdict: 'fail',
    red: /profile 0: GET \/profile: \$\.bio of its body is not what it was before/,
  },
  {
    name: "somebody gets another one's profile",
    spoil: (accounts) =>
      void (accounts.bad = ({ path }, outgoing) =>
        path === '/profile' && json(outgoing, 200, { email: 'user5@example.test', bio: 'about 5' })),
    verdict: 'fail',
    red: /4 of 8 probes are not; profile 0: GET \/profile: \$\.email of its body is not as expected/,
  },
  {
    name: 'the right password is refused',
    spoil: ({ moved }) => void moved.add(9),
    verdict: 'fail',
    red: /1 of 8 probes are not; profile 3: POST \/login: answered 401/,
  },
  {
    name: 'a wrong password is as good as the right one',
    spoil: (accounts) =>
      void (accounts.bad = ({ path, body }, outgoing) =>
        path === '/login' && json(outgoing, 200, { access: `for ${/user\d+/.exec(body)![0]}` })),
    verdict: 'fail',
    red: /4 of 8 probes are not; wrong-password 0: POST \/login: answered 200, expected 401/,
  },
  {
    name: 'a login that is answered without a token',
    spoil: (accounts) =>
      void (accounts.bad = ({ path }, outgoing) => path === '/login' && json(outgoing, 200, {})),
    verdict: 'fail',
    red: /profile 0: POST \/login: it has other names in its JSON/,
  },
  {
    name: 'the connection is cut at the second step',
    spoil: (accounts) =>
      void (accounts.bad = ({ path }, outgoing) => path === '/profile' && outgoing.socket!.destroy()),
    verdict: 'inconclusive',
    red: /4 of 8 probes are not; profile 0: GET \/profile: /,
  },
];
/** What is named as the same must be so by itself. */
export const changingByItself = 'a profile that counts its visitors, and is named as the same';
