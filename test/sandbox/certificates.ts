import { createPublicKey, createSign, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { rsaKey, selfSigned } from './x509.ts';

/** The server's answer: as Google's, 500, none, not keys, an unusable key, or a response that never ends. */
export type CertificatesFault = 'none' | 'error' | 'hang' | 'nonsense' | 'elliptic' | 'endless';

/** A local stand-in for https://www.googleapis.com/oauth2/v1/certs, which also signs tokens with its keys. */
export interface CertificateServer {
  readonly url: string;
  /** The number of requests received. */
  readonly requests: number;
  /** The id of the current signing key. */
  readonly keyId: string;
  fault: CertificatesFault;
  /** PEM by key id, or a JWK Set as https://www.googleapis.com/oauth2/v3/certs */
  form: 'pem' | 'jwks';
  /** The values of `Cache-Control` and `Age` in seconds; without the header if undefined. */
  maxAge: number | undefined;
  age: number | undefined;
  /** Signs with a new key from now on. The new key is served in addition to the previous ones, or instead of them. */
  rotate(keep?: 'keep' | 'drop'): void;
  /** Creates a JWT with these claims, signed RS256 with the current key; `header` overrides fields of the header. */
  sign(claims: object, header?: object): string;
  close(): Promise<void>;
}

/** Starts the stand-in on a free port of 127.0.0.1, with one key. */
export async function startCertificates(): Promise<CertificateServer> {
  const pems = new Map<string, string>();
  let signer = newSigner(pems, 0);
  let keys = 1;
  let requests = 0;

  function answer(response: ServerResponse): void {
    requests += 1;
    if (server.fault === 'hang') return;
    if (server.maxAge !== undefined) response.setHeader('cache-control', `public, max-age=${server.maxAge}`);
    if (server.age !== undefined) response.setHeader('age', server.age);
    if (server.fault === 'error') response.writeHead(500).end('{}');
    else if (server.fault === 'nonsense') response.end('<html></html>');
    else if (server.fault === 'elliptic') response.end(JSON.stringify({ [signer.keyId]: ellipticPem() }));
    else if (server.fault === 'endless') stream(response);
    else if (server.form === 'jwks') response.end(JSON.stringify({ keys: [...pems].map(jwkOf) }));
    else response.end(JSON.stringify(Object.fromEntries(pems)));
  }

  const http = createServer((_request, response) => answer(response));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  const server: CertificateServer = {
    url: `http://127.0.0.1:${port}/oauth2/v1/certs`,
    get requests() {
      return requests;
    },
    get keyId() {
      return signer.keyId;
    },
    fault: 'none',
    form: 'pem',
    maxAge: 3600,
    age: undefined,
    rotate(keep = 'keep') {
      if (keep === 'drop') pems.clear();
      signer = newSigner(pems, keys);
      keys += 1;
    },
    sign(claims, header = {}) {
      const head = encode({ alg: 'RS256', kid: signer.keyId, typ: 'JWT', ...header });
      const signed = `${head}.${encode(claims)}`;
      const signature = createSign('RSA-SHA256').update(signed).sign(signer.privateKey, 'base64url');
      return `${signed}.${signature}`;
    },
    async close() {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
  return server;
}

interface Signer {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

function newSigner(pems: Map<string, string>, key: number): Signer {
  const { privateKey, publicKey } = rsaKey(key);
  const keyId = randomUUID().replaceAll('-', '');
  pems.set(keyId, selfSigned(publicKey, privateKey));
  return { keyId, privateKey };
}

function jwkOf([kid, pem]: readonly [string, string]): object {
  return { ...createPublicKey(pem).export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
}

function stream(response: ServerResponse): void {
  const write = () => {
    while (!response.destroyed && response.write(' '.repeat(16_384)));
  };
  response.on('drain', write);
  write();
}

function ellipticPem(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
