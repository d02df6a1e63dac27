import { Toxiproxy } from 'toxiproxy-node-client';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { withDeadline } from '../../core/deadline.ts';
import { environmentError, inputError, messageOf } from '../../core/errors.ts';
import type { Endpoint, Service } from '../../core/service.ts';
import { apiPort } from './config.ts';

/** The client library waits for an answer for ever. */
const answerMs = 5_000;

export interface Toxic {
  name: string;
  type: string;
  stream: string;
  attributes: Record<string, number>;
}
/** One proxy as the server has it; `port` is the one that it listens at. */
export interface ProxyState {
  name: string;
  port: number;
  upstream: string;
  enabled: boolean;
  toxics: Toxic[];
}
export type NewToxic = Parameters<Awaited<ReturnType<Toxiproxy['get']>>['addToxic']>[0];

/**
 * Toxiproxy's API, looked up anew at each call: its port on this machine changes when it restarts. Rejects
 * with environment errors.
 */
export interface Server {
  version(): Promise<string>;
  proxies(): Promise<ProxyState[]>;
  /** Input error when there is no such proxy. */
  proxy(name: string): Promise<ProxyState>;
  add(proxy: string, toxic: NewToxic): Promise<void>;
  adjust(proxy: string, toxic: string, attributes: Record<string, number>): Promise<void>;
  /**
   * Removes toxics, with the proxy down meanwhile: its connections are cut. The server holds its lock for 5 s
   * for each chunk that a toxic still keeps for a client that went away (2.12, link.go, RemoveToxic), and
   * takes no new connection for as long; so they are let come due first, and fail at once. What is not there,
   * because the server restarted or somebody was quicker, is removed already.
   */
  remove(proxy: string, names: readonly string[]): Promise<void>;
  enable(proxy: string, enabled: boolean): Promise<void>;
  /** To another upstream, and up. The server closes the connections that there are. */
  move(proxy: string, upstream: string): Promise<void>;
  /** Where a proxy's clients go in. */
  endpoint(proxy: ProxyState): Promise<Endpoint>;
}

type Call = <T>(what: string, work: (api: Toxiproxy) => Promise<T>) => Promise<T>;

/** What is asked of the API is answered in time, or fails. */
function callsOf(service: Service, clock: Clock): Call {
  return async (what, work) => {
    try {
      const { host, port } = await service.endpoint(apiPort);
      const asked = work(new Toxiproxy(`http://${host}:${port}`));
      return await withDeadline(clock, 'an answer', answerMs, asked);
    } catch (error) {
      throw environmentError(`Toxiproxy does not ${what}`, { found: messageOf(error), cause: error });
    }
  };
}

const toxicAnswer = z.object({
  name: z.string(),
  type: z.string(),
  stream: z.string(),
  attributes: z.record(z.string(), z.number()),
});
/** GET /proxies, as Toxiproxy's README has it. */
const proxiesAnswer = z.record(
  z.string(),
  z.object({
    name: z.string(),
    listen: z.string().regex(/:\d{1,5}$/),
    upstream: z.string(),
    enabled: z.boolean(),
    toxics: z.array(toxicAnswer),
  }),
);

const listed = (call: Call): Promise<ProxyState[]> =>
  call('list its proxies', async (api) => {
    // The library's own list leaves the toxics out.
    const { data } = await api.getApi().get<unknown>(`${api.host}/proxies`);
    return Object.values(proxiesAnswer.parse(data)).map(({ listen, ...rest }) => ({
      ...rest,
      port: Number(listen.slice(listen.lastIndexOf(':') + 1)),
    }));
  });

export function openServer(service: Service, clock: Clock): Server {
  const call = callsOf(service, clock);
  const proxies = (): Promise<ProxyState[]> => listed(call);
  const enable: Server['enable'] = (name, enabled) =>
    call(`${enabled ? 'enable' : 'disable'} ${name}`, async (api) => {
      const proxy = await api.get(name);
      await proxy.update({ enabled, listen: proxy.listen, upstream: proxy.upstream });
    });
  return {
    version: () =>
      call('say its version', async (api) =>
        (JSON.parse(await api.getVersion()) as { version: string }).version.replace(/^git-|^v/, ''),
      ),
    proxies,
    proxy: async (name) => {
      const all = await proxies();
      const found = all.find((one) => one.name === name);
      if (!found)
        throw inputError(`there is no proxy ${name}`, {
          found: name,
          expected: `one of ${all.map((one) => one.name).join(', ') || 'none here'}`,
        });
      return found;
    },
    add: (proxy, toxic) =>
      call(
        `take the toxic ${toxic.type}`,
        async (api) => void (await (await api.get(proxy)).addToxic(toxic)),
      ),
    adjust: (proxy, name, attributes) =>
      call(
        `change ${name}`,
        async (api) =>
          void (await (
            await (await api.get(proxy)).getToxic(name)
          ).update({ attributes, toxicity: 1 } as never)),
      ),
    remove: async (proxy, names) => {
      const found = (await proxies()).find((one) => one.name === proxy);
      const there = found?.toxics.filter(({ name }) => names.includes(name)) ?? [];
      if (!found || there.length === 0) return;
      await enable(proxy, false);
      // Nothing tells how many chunks are kept: the time in which each comes due has to pass.
      await clock.sleep(Math.max(...there.map(keptMs)));
      for (const { name } of there)
        await call(`remove ${name}`, async (api) => (await (await api.get(proxy)).getToxic(name)).remove());
      if (found.enabled) await enable(proxy, true);
    },
    enable,
    move: (name, upstream) =>
      call(`move ${name} to ${upstream}`, async (api) => {
        const proxy = await api.get(name);
        await proxy.update({ enabled: true, listen: proxy.listen, upstream });
      }),
    endpoint: ({ port }) => service.endpoint(port),
  };
}

/**
 * How long a toxic keeps a chunk at most (slicer: microseconds), and a little more for whoever writes it to
 * notice.
 */
const keptMs = ({ type, attributes }: Toxic): number =>
  250 +
  (type === 'latency'
    ? (attributes['latency'] ?? 0) + (attributes['jitter'] ?? 0)
    : type === 'slicer'
      ? (attributes['delay'] ?? 0) / 1000
      : 0);
