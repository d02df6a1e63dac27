import { expect } from 'vitest';
import { openAt, type Opened } from './opened.ts';
import { serveShop, type Bad, type Shop } from './shop.ts';

/** At a service that turns bad only once the rehearsal is over and five records are there. */
export async function written(
  yaml: string,
  turn: (shop: Shop) => Bad,
): Promise<AsyncDisposable & Opened & { shop: Shop }> {
  let bad: Bad = () => undefined;
  const served = await serveShop({ bad: (asked, outgoing) => bad(asked, outgoing) });
  const opened = await openAt(served, yaml);
  await opened.data.prepare();
  for (let id = 0; id < 5; id += 1) await opened.client.write([id], [`value ${id}`]);
  bad = turn(served.shop);
  return {
    ...opened,
    shop: served.shop,
    [Symbol.asyncDispose]: async () => {
      await opened[Symbol.asyncDispose]();
      await served[Symbol.asyncDispose]();
    },
  };
}
export const isList = ({ method, path }: { method: string; path: string }): boolean =>
  method === 'GET' && path.startsWith('/orders?');

/** Tried before anything is broken, against a server that answers as `bad` does, a journey is refused. */
export async function endsTheDrill(yaml: string, bad: Bad, expected: RegExp): Promise<void> {
  await using served = await serveShop({ bad });
  await using opened = await openAt(served, yaml);
  const failure = await opened.data
    .prepare()
    .catch((error: unknown) => error as { message: string; found: string });
  expect(failure).toMatchObject({ trouble: 'environment' });
  const { message, found } = failure as { message: string; found: string };
  expect(`${message}: ${found}`).toMatch(expected);
}
