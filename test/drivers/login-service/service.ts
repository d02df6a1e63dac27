import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { emailOf, passwordOf } from '../../../drivers/login-service/account.ts';
import { openWay, type Way } from '../../../drivers/login-service/way.ts';

export interface Request {
  method: string;
  path: string;
  body: Record<string, string>;
  bearer: string;
}
/**
 * Status and body; `hang` never answers, `cut` closes the connection after the request was read, `late`
 * answers rightly when no client waits any more.
 */
export type Response = [status: number, body?: object] | 'hang' | 'cut' | 'late';
const lateMs = 2_500;
export type Handler = (request: Request) => Response | null;

/**
 * A login service in a few lines, for showing that the driver notices a bad one: `bad` answers first where it
 * wants to, and what it leaves is answered rightly.
 */
export async function serve(
  bad: Handler = () => null,
  tls: { cert: string; key: string } | null = null,
): Promise<AsyncDisposable & { way: Way; port: number; seen: string[] }> {
  const seen: string[] = [];
  const good = goodService();
  const listener: RequestListener = async (incoming, outgoing) => {
    const request = await requestOf(incoming);
    seen.push(`${request.method} ${request.path}`);
    const given = bad(request) ?? good(request);
    if (given === 'late') await setTimeout(lateMs);
    const response = given === 'late' ? good(request) : given;
    if (response === 'hang') return;
    if (response === 'cut') return void incoming.socket.destroy();
    outgoing
      .writeHead(response[0], { 'content-type': 'application/json' })
      .end(response[1] ? JSON.stringify(response[1]) : undefined);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  const port = await listening(server);
  const way = openWay({ clients: async () => ({ host: '127.0.0.1', port }), prefix: '', tls: null });
  return {
    way,
    port,
    seen,
    [Symbol.asyncDispose]: async () => {
      await way.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );

async function requestOf(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return {
    method: incoming.method!,
    path: incoming.url!,
    body: text ? (JSON.parse(text) as Record<string, string>) : {},
    bearer: (incoming.headers.authorization ?? '').replace('Bearer ', ''),
  };
}

export function profileOf(user: number): { email: string; role: string; bio: string } {
  const email = emailOf(user);
  const digest = createHash('sha256').update(`${email}\nsails`).digest('hex').slice(0, 16);
  return { email, role: 'member', bio: `sails [sha256:${digest}]` };
}

function goodService(): (request: Request) => Exclude<Response, string> {
  const access = new Map<string, number>();
  const sessions = new Map<string, number>();
  const pair = (user: number): Exclude<Response, string> => {
    const made = { access: randomUUID(), refresh: randomUUID() };
    access.set(made.access, user);
    sessions.set(made.refresh, user);
    return [200, made];
  };
  return ({ path, body, bearer }) => {
    const user = Number(/^user(\d+)@/.exec(body['email'] ?? '')?.[1] ?? -1);
    const held = sessions.get(body['refresh'] ?? '');
    switch (path) {
      case '/login':
        return user >= 0 && user < 100 && body['password'] === passwordOf(user) ? pair(user) : [401];
      case '/profile':
        return access.has(bearer) ? [200, profileOf(access.get(bearer)!)] : [401];
      case '/refresh':
        if (held === undefined || !sessions.delete(body['refresh']!)) return [401];
        return pair(held);
      case '/revoke':
        sessions.delete(body['refresh']!);
        return [204];
      default:
        return [404];
    }
  };
}
