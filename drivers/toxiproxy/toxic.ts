import type { ActiveFault, Proof, Undo } from '../../core/active-fault.ts';
import type { ToxicSpec } from './route-fault.ts';
import type { Clock } from '../../core/clock.ts';
import { environmentError } from '../../core/errors.ts';
import type { ConnectionTry, Service } from '../../core/service.ts';
import { attributesOf } from './attributes.ts';
import { startDrift, type Drift } from './drift.ts';
import { effects } from './effects.ts';
import { exchange, talkOf, type Exchange } from './exchange.ts';
import type { ProxyState, Server } from './server.ts';

export interface ToxiproxySite {
  service: Service;
  server: Server;
  clock: Clock;
  seed: number;
  drifts: Set<Drift>;
  nextNumber(): number;
}

const undoMs = 120_000;
/**
 * One exchange that is slow, or ends with a reset, may be chance on a busy machine; so many at once are not.
 */
const atOnce = 3;
const baselinesMax = 4;
const baselineMs = 5_000;

/**
 * Adds a toxic. What shows that it works, and that it is gone, is an exchange with the server behind the
 * proxy, made through the proxy as a client would; the API that added it is not asked, except that the undo
 * must also have left nothing there.
 */
export async function toxic(site: ToxiproxySite, spec: ToxicSpec): Promise<ActiveFault> {
  const attributes = attributesOf(spec);
  const proxy = await site.server.proxy(spec.proxy);
  if (!proxy.enabled)
    throw environmentError(`the proxy ${proxy.name} is down before anything was done to it`);
  const look =
    spec.type === 'reset_peer'
      ? await knockingFor(site, proxy, attributes)
      : await exchangingFor(
          site,
          proxy,
          spec as Exclude<ToxicSpec, 'type'> & { type: keyof typeof effects },
          attributes,
        );
  const name = `muster-${spec.type}-${site.nextNumber()}`;
  const { jitter = 0, ...steady } = attributes;
  await site.server.add(proxy.name, {
    name,
    type: spec.type,
    stream: spec.stream,
    toxicity: 1,
    attributes: { ...steady, ...(spec.type === 'latency' ? { jitter: 0 } : {}) } as never,
  });
  const drift =
    jitter > 0
      ? startDrift(site.clock, { latency: attributes['latency']!, jitter, seed: site.seed }, (latency) =>
          site.server.adjust(proxy.name, name, { latency, jitter: 0 }),
        )
      : null;
  if (drift) site.drifts.add(drift);
  // Only connections that begin under it end with a reset: those that are open are closed, and come back.
  if (spec.type === 'reset_peer') await restart(site, proxy);
  return {
    facts: {
      proxy: proxy.name,
      toxic: name,
      type: spec.type,
      stream: spec.stream,
      attributes,
      seed: site.seed,
      ...look.facts,
    },
    witness: async (): Promise<Proof | null> => {
      const what = await look.seen();
      return what === null
        ? null
        : {
            what: `${proxy.name}: ${what}`,
            facts: { proxy: proxy.name, type: spec.type, stream: spec.stream, attributes },
          };
    },
    route: proxy.port,
    stillThere: () => stillListed(site, proxy.name, name),
    undo: undoOf(site, proxy, name, drift, look),
  };
}

async function stillListed({ server }: ToxiproxySite, proxy: string, name: string): Promise<Proof | null> {
  const { toxics } = await server.proxy(proxy);
  return toxics.some((one) => one.name === name)
    ? { what: `the server still lists ${name} at the proxy ${proxy}`, facts: { proxy, toxic: name } }
    : null;
}

interface Look {
  facts: Record<string, number>;
  /** In words, when the effect shows. */
  seen(): Promise<string | null>;
  /** True when it is as it was before. */
  asBefore(): Promise<boolean>;
}

function undoOf(
  { server }: ToxiproxySite,
  proxy: ProxyState,
  name: string,
  drift: Drift | null,
  look: Look,
): Undo {
  return {
    name: `remove ${name} from ${proxy.name}`,
    deadlineMs: undoMs,
    run: async () => {
      await drift?.stop();
      await server.remove(proxy.name, [name]);
      await server.enable(proxy.name, true);
    },
    healed: async () => {
      const { enabled, toxics } = await server.proxy(proxy.name);
      return enabled && !toxics.some((one) => one.name === name) && (await look.asBefore());
    },
  };
}

async function restart({ server }: ToxiproxySite, proxy: ProxyState): Promise<void> {
  await server.enable(proxy.name, false);
  await server.enable(proxy.name, true);
}

type Answered = Exchange & { tookMs: number };

/** By exchanges through the published port, where the clients are. */
async function exchangingFor(
  site: ToxiproxySite,
  proxy: ProxyState,
  spec: ToxicSpec & { type: keyof typeof effects },
  attributes: Record<string, number>,
): Promise<Look> {
  const { server, clock } = site;
  const effect = effects[spec.type];
  const talk = await talkOf(await server.endpoint(proxy), proxy.name, clock);
  const bytes = effect.bytes(attributes);
  const once = async (want: number | null, deadlineMs: number): Promise<Exchange> =>
    exchange(await server.endpoint(proxy), clock, talk, { bytes, want, deadlineMs });
  const before = await baseline(
    proxy,
    () => once(null, baselineMs),
    (seen) => effect.invisible(attributes, seen, spec.stream) === null,
  );
  const greeting = talk.greets
    ? await exchange(
        await server.endpoint(proxy),
        clock,
        { greets: true, say: () => Buffer.alloc(0) },
        { want: null, deadlineMs: baselineMs },
      )
    : null;
  const invisible = effect.invisible(attributes, before, spec.stream);
  if (invisible)
    throw environmentError(`the toxic ${spec.type} on ${proxy.name} could not be seen`, {
      found: invisible,
      expected: 'an effect that an exchange through the proxy shows',
    });
  const deadlineMs = effect.listenMs(attributes, before, spec.stream);
  return {
    facts: { beforeMs: Math.round(before.tookMs), beforeBytes: before.receivedBytes },
    seen: async () => {
      const now = await Promise.all(
        Array.from({ length: atOnce }, () => once(before.receivedBytes, deadlineMs)),
      );
      return effect.seen(attributes, {
        stream: spec.stream,
        talk,
        greetingBytes: greeting?.receivedBytes ?? 0,
        before,
        now,
      });
    },
    asBefore: async () => {
      const now = await once(before.receivedBytes, deadlineMs);
      return (
        now.tookMs !== null &&
        effect.seen(attributes, {
          stream: spec.stream,
          talk,
          greetingBytes: greeting?.receivedBytes ?? 0,
          before,
          now: [now],
        }) === null
      );
    },
  };
}

/**
 * The undisturbed exchange that all is compared with: the quickest of some, because one that a busy machine
 * held up hides what comes.
 */
async function baseline(
  proxy: ProxyState,
  once: () => Promise<Exchange>,
  enough: (seen: Answered) => boolean,
): Promise<Answered> {
  let best: Answered | null = null;
  for (let tries = 0; tries < baselinesMax && (best === null || !enough(best)); tries += 1) {
    const seen = await once();
    if (seen.tookMs === null)
      throw environmentError(`nothing answers through the proxy ${proxy.name}`, {
        found: `a connection that was ${seen.ended}`,
      });
    if (best === null || seen.tookMs < best.tookMs) best = { ...seen, tookMs: seen.tookMs };
  }
  return best!;
}

/**
 * By connections from another container: the engine's forwarding of published ports makes an ordinary end of
 * a reset.
 */
async function knockingFor(
  { service }: ToxiproxySite,
  proxy: ProxyState,
  { timeout }: Record<string, number>,
): Promise<Look> {
  const tryConnection = (): Promise<ConnectionTry> =>
    service.tryConnection(proxy.port, { say: 'PING\\r\\n\\r\\n', deadlineMs: timeout! + 1_500 });
  const before = await tryConnection();
  if (before.connected !== 'accepted' || before.ended === 'reset')
    throw environmentError(
      `connections to the proxy ${proxy.name} are reset before anything was done to it`,
      { found: before.ended ?? before.connected },
    );
  return {
    facts: {},
    seen: async () => {
      const now = await Promise.all(Array.from({ length: atOnce }, tryConnection));
      if (now.some(({ ended }) => ended !== 'reset')) return null;
      const was = before.ended === 'open' ? 'kept open' : 'closed in order';
      return `${atOnce} connections are reset by the proxy within ${timeout! + 1_500} ms of their first words; before, one was ${was}`;
    },
    asBefore: async () => (await tryConnection()).ended === before.ended,
  };
}
