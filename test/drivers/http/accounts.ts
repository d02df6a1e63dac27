import { json, serveShop, type Bad, type Served } from './shop.ts';

/** Accounts with a password each, as a service that has nothing else: user N has the password N mod 4. */
export interface Accounts {
  bios: string[];
  /** Answers in the place of the good one. */
  bad: Bad;
  /** By user, whose password is another one. */
  moved: Set<number>;
}

const userIn = (text: string): number => Number(/user(\d+)/.exec(text)?.[1]);

/** Ten users, 0 to 9. */
export async function serveAccounts(): Promise<Served & { accounts: Accounts }> {
  const accounts: Accounts = {
    bios: Array.from({ length: 10 }, (_, user) => `about ${user}`),
    bad: () => undefined,
    moved: new Set(),
  };
  const served = await serveShop({
    bad: (asked, outgoing) => {
      const { path, body, headers } = asked;
      if (path !== '/login' && path !== '/profile') return undefined;
      if (accounts.bad(asked, outgoing)) return true;
      if (path === '/login') {
        const { email, password } = JSON.parse(body) as { email: string; password: string };
        const user = userIn(email);
        const right = accounts.bios[user] !== undefined && !accounts.moved.has(user);
        return right && password === `pass ${user % 4}`
          ? json(outgoing, 200, { access: `for user${user}` })
          : json(outgoing, 401, { error: 'wrong_credentials' });
      }
      const user = userIn(headers.authorization ?? '');
      return accounts.bios[user] === undefined
        ? json(outgoing, 401, {})
        : json(outgoing, 200, { email: `user${user}@example.test`, bio: accounts.bios[user] });
    },
  });
  return Object.assign(served, { accounts });
}

/** Users 0, 3, 6 and 9 log in and look at their profile, and with a wrong password nobody comes in. */
export const loggingIn = `
ready: /health
samples: 4
probes:
  profile:
    - post: /login
      json: { email: "user{{sample times 3 mod 10}}@example.test", password: "pass {{sample times 3 mod 4}}" }
      capture: { access: $.access }
    - get: /profile
      headers: { authorization: "Bearer {{access}}" }
      expect: { json: { $.email: "user{{sample times 3 mod 10}}@example.test" } }
      same: [$.bio]
  wrong-password:
    post: /login
    json: { email: "user{{sample times 3 mod 10}}@example.test", password: wrong }
    expect: { status: 401 }
`;
