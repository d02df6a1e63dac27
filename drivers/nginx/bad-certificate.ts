import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { environmentError } from '../../core/errors.ts';
import { factsOf } from './handshake.ts';
import { isRight, look, serve, undoMs, type NginxSite } from './site.ts';

/**
 * The certificate is replaced and the server reloaded, as by a renewal that went wrong. The witness is a
 * handshake from outside.
 */
export async function badCertificate(site: NginxSite, kind: 'expired' | 'wrong'): Promise<ActiveFault> {
  const before = await look(site);
  if (!before.done || before.refusal !== null)
    throw environmentError('the certificate is not right before anything was done to it', {
      found: before.done ? before.refusal! : before.error,
    });
  const { stdout: right, code } = await site.service.exec(['cat', site.config.certificate]);
  if (code !== 0)
    throw environmentError('the certificate cannot be read', {
      found: `${site.config.certificate}: exit code ${code}`,
    });
  await serve(site, site.secret(kind === 'expired' ? site.config.expiredFrom : site.config.wrongFrom));
  return {
    facts: { kind, before: factsOf(before.certificate) },
    witness: () => witness(site, kind, before.certificate.issuer),
    stillThere: () => witness(site, kind, before.certificate.issuer),
    undo: {
      name: `put the certificate of ${site.service.name} back`,
      deadlineMs: undoMs,
      run: () => serve(site, right),
      healed: () => isRight(site),
    },
  };
}

async function witness(
  site: NginxSite,
  kind: 'expired' | 'wrong',
  issuerBefore: string,
): Promise<Proof | null> {
  const now = await look(site);
  if (!now.done || now.refusal === null) return null;
  const { certificate, refusal } = now;
  const facts = { ...factsOf(certificate), refusal };
  const expired = certificate.validToDate.getTime() < Date.parse(site.clock.utc());
  if (kind === 'expired')
    return expired && certificate.issuer === issuerBefore
      ? {
          what: `the certificate that is served has been invalid since ${certificate.validTo} (${refusal})`,
          facts,
        }
      : null;
  if (
    expired ||
    certificate.issuer === issuerBefore ||
    certificate.checkHost(site.expected.name) !== undefined
  )
    return null;
  return {
    what: `the certificate that is served is for ${certificate.subjectAltName ?? certificate.subject} by ${certificate.issuer} (${refusal})`,
    facts,
  };
}
