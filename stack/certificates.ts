import { randomBytes, webcrypto } from 'node:crypto';
// @peculiar/x509 wires itself by decorators' metadata: the polyfill has to be there first.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;

type Pair = webcrypto.CryptoKeyPair;
interface Validity {
  notBefore: Date;
  notAfter: Date;
}
interface Authority {
  certificate: x509.X509Certificate;
  keys: Pair;
}

/**
 * All PEM. `certificate`, `expired` and `wrong` are for the one key `key`, so that replacing the certificate
 * is enough.
 */
export interface Certificates {
  certificate: string;
  expired: string;
  wrong: string;
  key: string;
  ca: string;
}

/**
 * A server certificate for `localhost`, `proxy` and 127.0.0.1 by an authority of its own, valid for two days;
 * the same one as it would have been ten days ago, expired since yesterday; and one for another name by
 * another authority. X.509 v3 as RFC 5280 asks for it.
 */
export async function createCertificates(): Promise<Certificates> {
  // A clock that is a little behind, on a client or in a container, must not refuse a certificate made this
  // second.
  const validity = daysFromNow(-1, 2);
  const [server, ours, stranger] = await Promise.all([
    newPair(),
    authority('Muster run authority', daysFromNow(-20, 2)),
    authority("Somebody else's authority", validity),
  ]);
  const names: x509.JsonGeneralNames = [
    { type: 'dns', value: 'localhost' },
    { type: 'dns', value: 'proxy' },
    { type: 'ip', value: '127.0.0.1' },
  ];
  const [certificate, expired, wrong] = await Promise.all([
    leaf(ours, server, 'localhost', names, validity),
    leaf(ours, server, 'localhost', names, daysFromNow(-10, -1)),
    leaf(stranger, server, 'elsewhere.example', [{ type: 'dns', value: 'elsewhere.example' }], validity),
  ]);
  const key = x509.PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', server.privateKey),
    'PRIVATE KEY',
  );
  return { certificate, expired, wrong, key, ca: ours.certificate.toString('pem') };
}

const newPair = (): Promise<Pair> => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const daysFromNow = (from: number, to: number): Validity => ({
  notBefore: new Date(Date.now() + from * dayMs),
  notAfter: new Date(Date.now() + to * dayMs),
});

async function authority(name: string, validity: Validity): Promise<Authority> {
  const keys = await newPair();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    ...validity,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

async function leaf(
  by: Authority,
  { publicKey }: Pair,
  subject: string,
  names: x509.JsonGeneralNames,
  validity: Validity,
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${subject}`,
    issuer: by.certificate.subject,
    ...validity,
    signingAlgorithm: algorithm,
    publicKey,
    signingKey: by.keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.AuthorityKeyIdentifierExtension.create(by.keys.publicKey),
    ],
  });
  return certificate.toString('pem');
}

/** A positive serial number: the first bit of a DER integer is its sign. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}
