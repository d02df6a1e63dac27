import { CookieJar } from 'tough-cookie';
import { askedOf, listed, type Request } from './request-shape.ts';
import type { HttpConfig } from './shape.ts';
import { runSteps, type Asker } from './steps.ts';
import { fillJson, fillPath, fillText, NoValue, type Values } from './template.ts';
import type { Filled, Reply, Transport } from './transport.ts';

export interface ClientOptions {
  transport: Transport;
  config: HttpConfig;
  /** By name, as `secret.NAME`, and what `auth` names. */
  secrets: Values;
}

/** What a request has because of who asks. `values`: what logging in captured. */
interface Session {
  values: Values;
  headers: Record<string, string>;
}

/**
 * Requests as the configuration says: its headers, who asks, cookies. Logs in before the first request that
 * needs it, for all of them together, and again when one is refused with 401, which is then sent once more:
 * a request that was refused so was not carried out (RFC 9110, 15.5.2).
 */
export function openClient({ transport, config, secrets }: ClientOptions): Asker {
  const { auth } = config;
  const login = auth && 'login' in auth ? auth : null;
  const jar = login ? new CookieJar() : null;
  const fixed = fixedHeaders(config, secrets);
  let session: Promise<Session> | null = null;

  const filledFor = filling({ transport, config, secrets, jar });
  const send = async (request: Request, values: Values, own: Record<string, string>, deadlineMs?: number) => {
    const filled = await filledFor(request, values, own, deadlineMs);
    if ('kind' in filled) return filled;
    const reply = await transport.send(filled);
    if (jar && reply.kind === 'answer')
      await storeCookies(jar, reply.headers['set-cookie'], transport.urlOf(filled.path));
    return reply;
  };

  const enter = async (): Promise<Session> => {
    await jar!.removeAllCookies();
    const asker: Pick<Asker, 'ask'> = {
      ask: (request, values, { deadlineMs }) => send(request, values, {}, deadlineMs),
    };
    const done = await runSteps(asker, listed(login!.login), {});
    if (done.kind !== 'right') throw new Error(`logging in: ${done.detail}`);
    const all = { ...secrets, ...done.values };
    return { values: done.values, headers: mapped(login!.headers, (text) => fillText(text, all)) };
  };
  const entered = (): Promise<Session> => (session ??= enter());
  /** Whoever was refused last need not log in where somebody has done so meanwhile. */
  const forget = (old: Promise<Session>): void => void (session === old && (session = null));

  const askAs = async (
    request: Request,
    values: Values,
    extra: Record<string, string>,
    knows: readonly number[],
    deadlineMs?: number,
  ) => {
    for (let again = false; ; again = true) {
      const mine = entered();
      const known = await mine.catch((error: unknown) => error as Error);
      if (known instanceof Error) {
        forget(mine);
        return { kind: 'none', certain: true, detail: known.message } as const;
      }
      const own = { ...known.headers, ...extra };
      const reply = await send(request, { ...known.values, ...values }, own, deadlineMs);
      if (again || reply.kind === 'none' || reply.status !== 401 || knows.includes(401)) return reply;
      forget(mine);
    }
  };

  return {
    ask: (request, values, { knows, deadlineMs, fresh }): Promise<Reply> => {
      const extra: Record<string, string> = fresh ? { 'cache-control': 'no-cache' } : {};
      return login && request.auth
        ? askAs(request, values, extra, knows, deadlineMs)
        : send(request, values, { ...(request.auth ? fixed : {}), ...extra }, deadlineMs);
    },
    filled: async (request, values) => {
      const mine =
        login && request.auth ? await entered() : { values: {}, headers: request.auth ? fixed : {} };
      const filled = await filledFor(request, { ...mine.values, ...values }, mine.headers);
      return 'kind' in filled ? null : filled;
    },
  };
}

interface Filling extends ClientOptions {
  jar: CookieJar | null;
}
type Filler = (
  request: Request,
  values: Values,
  own: Record<string, string>,
  deadlineMs?: number,
) => Promise<ReturnType<typeof fill>>;

/** Requests with the cookies that belong to them. */
const filling =
  ({ transport, config, secrets, jar }: Filling): Filler =>
  async (request, values, own, deadlineMs) => {
    const filled = fill(config, request, { ...secrets, ...values }, own, deadlineMs);
    if ('kind' in filled) return filled;
    const cookies = jar && request.auth ? await jar.getCookieString(transport.urlOf(filled.path)) : '';
    if (cookies !== '') filled.headers['cookie'] ??= cookies;
    return filled;
  };

async function storeCookies(jar: CookieJar, set: string | string[] | undefined, url: string): Promise<void> {
  for (const line of typeof set === 'string' ? [set] : (set ?? []))
    await jar.setCookie(line, url, { ignoreError: true });
}

const filledIn = (form: Readonly<Record<string, string>>, values: Values): Record<string, string> =>
  Object.fromEntries(Object.entries(form).map(([name, text]) => [name, fillText(text, values)]));

const mapped = (record: Readonly<Record<string, string>>, change: (text: string) => string) =>
  Object.fromEntries(Object.entries(record).map(([name, text]) => [name.toLowerCase(), change(text)]));

function fixedHeaders({ auth }: HttpConfig, secrets: Values): Record<string, string> {
  if (auth && 'bearer' in auth) return { authorization: `Bearer ${secrets[`secret.${auth.bearer}`]!}` };
  if (!auth || !('basic' in auth)) return {};
  const pair = `${auth.basic.user}:${secrets[`secret.${auth.basic.password}`]!}`;
  return { authorization: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` };
}

/** A request with everything filled in; a name without a value means that it is never sent. */
function fill(
  config: HttpConfig,
  request: Request,
  values: Values,
  own: Record<string, string>,
  deadlineMs = (request.timeout ?? config.timeout).ms,
): Filled | Extract<Reply, { kind: 'none' }> {
  try {
    const { method, path } = askedOf(request);
    const text = (one: string): string => fillText(one, values);
    const body = bodyOf(request, values);
    const target = fillPath(path, values);
    if (!/^\/(?!\/)/.test(target))
      return { kind: 'none', certain: true, detail: 'its path does not begin with one /' };
    return {
      method: method.toUpperCase(),
      path: `${config.base}${target}`,
      headers: {
        ...(body ? { 'content-type': body.type } : {}),
        ...mapped(config.headers, text),
        ...own,
        ...mapped(request.headers, text),
      },
      body: body?.text ?? null,
      follow: request.follow && (method === 'get' || method === 'head'),
      deadlineMs,
    };
  } catch (error) {
    if (error instanceof NoValue) return { kind: 'none', certain: true, detail: error.message };
    throw error;
  }
}

function bodyOf({ json, form, text }: Request, values: Values): { type: string; text: string } | null {
  if (json !== undefined) return { type: 'application/json', text: JSON.stringify(fillJson(json, values)) };
  if (form)
    return {
      type: 'application/x-www-form-urlencoded',
      text: new URLSearchParams(filledIn(form, values)).toString(),
    };
  return text === undefined ? null : { type: 'text/plain; charset=utf-8', text: fillText(text, values) };
}
