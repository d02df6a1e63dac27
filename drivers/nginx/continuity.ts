import type { Clock } from '../../core/clock.ts';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import { environmentError } from '../../core/errors.ts';
import type { Endpoint } from '../../core/service.ts';
import { formatDuration } from '../../core/units.ts';
import { factsOf, handshake, type Expected, type Handshake } from './handshake.ts';

const everyMs = 200;
/** Fewer handshakes that came about say too little about the time between them. */
const enough = 20;
/**
 * So many of them must have come about since the fault: what was before it says nothing of the other side.
 */
const enoughSince = 10;
/** So many in a row that fail at the end: nobody comes in any more. */
const deadTries = 3;
const requiredProtocol = 'TLSv1.3';

interface Seen {
  tried: number;
  done: number;
  failed: number;
  failedLast: number;
  longestGapMs: number;
  doneAtMs: number[];
  wrong: { atMs: number; what: string }[];
}

/**
 * A client that makes a connection of its own every 200 ms, from before the load until the drill asks what
 * came of it: TLS 1.3 and the same certificate, valid for the name, each time that a handshake comes about,
 * whoever is behind the address by then.
 */
export function continuity(
  clients: () => Promise<Endpoint>,
  expected: Expected,
  clock: Clock,
): Check & { stop(): Promise<void> } {
  let probing: { stop(): Promise<void>; seen: Seen } | null = null;
  const stop = async (): Promise<void> => probing?.stop();
  return {
    before: async () => {
      const first = await tryConnection(clients, expected);
      const wrong = first.done ? wrongOf(first, null) : first.error;
      if (!first.done || wrong !== null)
        throw environmentError(`the check "tls-continuity" fails before anything was broken: ${wrong}`);
      const { fingerprint256 } = first.certificate;
      await stop();
      probing = probe(clock, () => tryConnection(clients, expected), fingerprint256);
      return { protocol: first.protocol, ...factsOf(first.certificate) };
    },
    after: async (baseline, brokenAtMs = null) => {
      await stop();
      return probing && baseline !== null
        ? outcomeOf(probing.seen, brokenAtMs)
        : { verdict: 'inconclusive', detail: 'nobody tried a connection', facts: null };
    },
    stop,
  };
}

const tryConnection = async (clients: () => Promise<Endpoint>, expected: Expected): Promise<Handshake> => {
  const endpoint = await clients().catch(() => null);
  return endpoint
    ? handshake(endpoint, expected)
    : { done: false, reached: false, error: 'there is no way in' };
};

/** What is not as it was; null when nothing is. */
function wrongOf(
  { protocol, refusal, certificate }: Extract<Handshake, { done: true }>,
  fingerprint: string | null,
): string | null {
  if (protocol !== requiredProtocol) return `${protocol} was spoken instead of ${requiredProtocol}`;
  if (refusal !== null) return `a client goes away: ${refusal}`;
  if (fingerprint !== null && certificate.fingerprint256 !== fingerprint)
    return `another certificate was shown: ${certificate.subject.replaceAll('\n', ', ')} by ${certificate.issuer.replaceAll('\n', ', ')}, ${certificate.fingerprint256.slice(0, 23)}…`;
  return null;
}

function probe(
  clock: Clock,
  handshake: () => Promise<Handshake>,
  fingerprint: string,
): { stop(): Promise<void>; seen: Seen } {
  const seen: Seen = {
    tried: 0,
    done: 0,
    failed: 0,
    failedLast: 0,
    longestGapMs: 0,
    doneAtMs: [],
    wrong: [],
  };
  const ending = new AbortController();
  const begunMs = clock.nowMs();
  let lastDoneMs = begunMs;
  const gap = (): void => void (seen.longestGapMs = Math.max(seen.longestGapMs, clock.nowMs() - lastDoneMs));
  const running = (async () => {
    while (!ending.signal.aborted) {
      const one = await handshake();
      seen.tried += 1;
      gap();
      if (one.done) {
        seen.done += 1;
        seen.failedLast = 0;
        lastDoneMs = clock.nowMs();
        seen.doneAtMs.push(lastDoneMs);
        const what = wrongOf(one, fingerprint);
        if (what !== null) seen.wrong.push({ atMs: lastDoneMs - begunMs, what });
      } else if (one.reached) {
        seen.wrong.push({
          atMs: clock.nowMs() - begunMs,
          what: `the server refuses the handshake: ${one.error}`,
        });
      } else {
        seen.failed += 1;
        seen.failedLast += 1;
      }
      await clock.sleep(everyMs, ending.signal).catch(() => undefined);
    }
    gap();
  })();
  return {
    seen,
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

function outcomeOf(
  { tried, done, failed, failedLast, longestGapMs, doneAtMs, wrong }: Seen,
  brokenAtMs: number | null,
): CheckOutcome {
  const since = brokenAtMs === null ? null : doneAtMs.filter((ms) => ms > brokenAtMs).length;
  const facts = {
    tried,
    done,
    failed,
    since,
    longestGapMs: Math.round(longestGapMs),
    wrong: wrong.length,
    first: wrong[0] ?? null,
  };
  const [first] = wrong;
  const told = since === null ? '' : ` (${since} since the fault)`;
  const course = `${done} of ${tried} handshakes came about${told}, ${failed} failed, longest gap ${formatDuration(longestGapMs)}`;
  if (first)
    return {
      verdict: 'fail',
      detail: `${wrong.length} times not as before, first after ${formatDuration(first.atMs)}: ${first.what}; ${course}`,
      facts: facts as never,
    };
  if (failedLast >= deadTries)
    return {
      verdict: 'fail',
      detail: `the last ${failedLast} handshakes did not come about; ${course}`,
      facts: facts as never,
    };
  if (since !== null && since < enoughSince)
    return {
      verdict: 'inconclusive',
      detail: `too few handshakes since the fault to tell: ${course}`,
      facts: facts as never,
    };
  if (done < enough)
    return {
      verdict: 'inconclusive',
      detail: `too few handshakes to tell: ${course}`,
      facts: facts as never,
    };
  return {
    verdict: 'pass',
    detail: `${requiredProtocol} and the same certificate, valid for the name, throughout: ${course}`,
    facts: facts as never,
  };
}
