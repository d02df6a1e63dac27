import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}
/** Answers in the place of the good one; null leaves it to that. */
export type Bad = (asked: Asked, outgoing: ServerResponse) => unknown;

interface Order {
  id: number;
  ref: string;
  note: string;
}

export const json = (outgoing: ServerResponse, status: number, body?: unknown, headers = {}): true => {
  outgoing
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(body === undefined ? undefined : JSON.stringify(body));
  return true;
};

const pageLength = 3;

/** Orders, as an ordinary service has them. What a test makes bad of it happens in a real server. */
export class Shop {
  orders: Order[] = [];
  next = 1;
  readonly seen: Asked[] = [];
  #backup: { orders: Order[]; next: number } | null = null;

  backUp(): void {
    this.#backup = { orders: structuredClone(this.orders), next: this.next };
  }
  /** An older backup knows no newer numbers: they are given again. */
  restore(): void {
    ({ orders: this.orders, next: this.next } = structuredClone(this.#backup!));
  }

  answer({ method, path, body }: Asked, outgoing: ServerResponse): boolean {
    const { pathname, searchParams } = new URL(path, 'http://shop');
    if (pathname === '/health') return json(outgoing, 200, { status: 'up' }, { server: 'shop/1.0' });
    const id = Number(/^\/orders\/(\d+)$/.exec(pathname)?.[1]);
    const order = this.orders.find((one) => one.id === id);
    if (method === 'POST' && pathname === '/orders') {
      const { ref, note } = JSON.parse(body) as Order;
      const made = { id: this.next++, ref, note };
      this.orders.push(made);
      return json(outgoing, 201, { id: made.id });
    }
    if (method === 'GET' && pathname === '/orders') {
      const after = Number(searchParams.get('after') ?? 0);
      const items = this.orders.filter((one) => one.id > after).slice(0, pageLength);
      const last = items.at(-1)?.id;
      const more = this.orders.some((one) => one.id > (last ?? Infinity));
      return json(outgoing, 200, { items, next: more ? last : null });
    }
    if (!order) return json(outgoing, 404, { error: 'not found' });
    if (method === 'GET') return json(outgoing, 200, order);
    if (method === 'PUT') {
      order.note = (JSON.parse(body) as Order).note;
      return json(outgoing, 200, order);
    }
    this.orders.splice(this.orders.indexOf(order), 1);
    return json(outgoing, 204);
  }
}

export interface Served extends AsyncDisposable {
  shop: Shop;
  port: number;
}

export async function serveShop({
  bad = () => undefined,
  tls = null,
}: {
  bad?: Bad;
  tls?: { cert: string; key: string } | null;
} = {}): Promise<Served> {
  const shop = new Shop();
  const listener: RequestListener = async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method, url, headers } = incoming;
    const asked = { method: method!, path: url!, headers, body: Buffer.concat(chunks).toString() };
    shop.seen.push(asked);
    if (!bad(asked, outgoing)) shop.answer(asked, outgoing);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    shop,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
