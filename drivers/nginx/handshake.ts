import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { messageOf } from '../../core/errors.ts';
import type { Endpoint } from '../../core/service.ts';

/**
 * What a client finds at a TLS port. `reached`: the server said something at all; without it nothing is known
 * of its certificate.
 */
export type Handshake =
  | {
      done: true;
      protocol: string;
      certificate: X509Certificate;
      /** Why a client that verifies would go away; null when it would stay. */
      refusal: string | null;
    }
  | { done: false; reached: boolean; error: string };

export interface Expected {
  name: string;
  ca: string;
}
const answerMs = 3_000;

/**
 * One handshake as a client makes it, carried to its end whatever the certificate is worth. Never rejects.
 */
export function handshake({ host, port }: Endpoint, { name, ca }: Expected): Promise<Handshake> {
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      ca,
      rejectUnauthorized: false,
      ...(isIP(name) ? {} : { servername: name }),
    });
    const finish = (outcome: Handshake): void => {
      clearTimeout(limit);
      socket
        .removeAllListeners()
        .on('error', () => undefined)
        .destroy();
      resolve(outcome);
    };
    const limit = setTimeout(
      () => finish({ done: false, reached: false, error: `no handshake within ${answerMs} ms` }),
      answerMs,
    );
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      const protocol = socket.getProtocol() ?? 'unknown';
      if (!certificate) return finish({ done: false, reached: true, error: 'no certificate was shown' });
      finish({
        done: true,
        protocol,
        certificate,
        refusal: refusalOf(socket.authorizationError, certificate, name),
      });
    });
    // An alert is the server's own answer; anything else may be the way there.
    socket.once('error', (error) =>
      finish({
        done: false,
        reached: /ALERT|WRONG_VERSION|HANDSHAKE_FAILURE/i.test((error as { code?: string }).code ?? ''),
        error: messageOf(error),
      }),
    );
    socket.once('close', () =>
      finish({
        done: false,
        reached: false,
        error: 'the connection was closed before the handshake was done',
      }),
    );
  });
}

/** The chain as OpenSSL verified it (dates included), then the name (RFC 6125). */
function refusalOf(verified: unknown, certificate: X509Certificate, name: string): string | null {
  const why = verified instanceof Error ? messageOf(verified) : verified ? String(verified) : null;
  const fits = isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name);
  const nameAlone = why === null || why === 'ERR_TLS_CERT_ALTNAME_INVALID';
  return nameAlone && fits === undefined
    ? `the certificate is for ${certificate.subjectAltName ?? certificate.subject}, not for ${name}`
    : why;
}

/** Facts of a certificate: nothing secret. */
export const factsOf = ({
  subject,
  issuer,
  validTo,
  fingerprint256,
}: X509Certificate): Record<string, string> => ({ subject, issuer, validTo, fingerprint: fingerprint256 });
