import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createCertificates } from '../../stack/certificates.ts';

const made = await createCertificates();
const [right, expired, wrong, ca] = [made.certificate, made.expired, made.wrong, made.ca].map(
  (pem) => new X509Certificate(pem),
) as [X509Certificate, X509Certificate, X509Certificate, X509Certificate];
const now = new Date();

describe('certificates for drills', () => {
  test('all are for the one key, so that replacing the certificate is enough', () => {
    const key = createPrivateKey(made.key);
    for (const each of [right, expired, wrong]) expect(each.checkPrivateKey(key)).toBe(true);
  });

  test('the expired one is right in all but its dates, and was valid once', () => {
    expect(expired.validToDate < now).toBe(true);
    expect(expired.validFromDate >= ca.validFromDate).toBe(true);
    expect(expired.verify(ca.publicKey)).toBe(true);
    expect(expired.checkHost('localhost')).toBe('localhost');
    expect([expired.subject, expired.issuer, expired.subjectAltName]).toEqual([
      right.subject,
      right.issuer,
      right.subjectAltName,
    ]);
  });

  test('the wrong one is wrong in name and authority, and not in its dates', () => {
    expect(wrong.validToDate > now && wrong.validFromDate < now).toBe(true);
    expect(wrong.verify(ca.publicKey)).toBe(false);
    expect(wrong.checkHost('localhost')).toBeUndefined();
  });
});
