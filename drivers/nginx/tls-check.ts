import type { Check, CheckOutcome } from '../../core/driver.ts';
import { environmentError } from '../../core/errors.ts';
import type { Endpoint } from '../../core/service.ts';
import { factsOf, handshake, type Expected, type Handshake } from './handshake.ts';

const required = 'TLSv1.3';

/**
 * Through the clients' way in: TLS 1.3, and a chain that is valid for the name by the authority that clients
 * trust.
 */
export function tlsCheck(clients: () => Promise<Endpoint>, expected: Expected): Check {
  const tryConnection = async (): Promise<Handshake> => handshake(await clients(), expected);
  return {
    before: async () => {
      const seen = await tryConnection();
      const { verdict, detail, facts } = outcomeOf(seen, expected);
      if (verdict !== 'pass')
        throw environmentError(`the check "tls" fails before anything was broken: ${detail}`);
      return facts;
    },
    after: async () => outcomeOf(await tryConnection(), expected),
  };
}

function outcomeOf(seen: Handshake, { name }: Expected): CheckOutcome {
  if (!seen.done)
    return {
      verdict: seen.reached ? 'fail' : 'inconclusive',
      detail: `no handshake: ${seen.error}`,
      facts: { error: seen.error },
    };
  const { protocol, certificate, refusal } = seen;
  const facts = { protocol, name, refusal, ...factsOf(certificate) };
  if (refusal !== null) return { verdict: 'fail', detail: `a client goes away: ${refusal}`, facts };
  if (protocol !== required)
    return { verdict: 'fail', detail: `${protocol} is spoken instead of ${required}`, facts };
  return {
    verdict: 'pass',
    detail: `${protocol}, and a chain valid for ${name} until ${certificate.validTo}`,
    facts,
  };
}
