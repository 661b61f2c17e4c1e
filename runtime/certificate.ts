import { X509Certificate } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { days } from '../domain/time.ts';
import { type Config, ConfigError } from './config.ts';

/** PEM. `fingerprint` is the certificate's SHA-256, which people compare and hubs pin. */
export type Certificate = {
  readonly cert: string;
  readonly key: string;
  readonly fingerprint: string;
  /** Made here: nobody but us vouches for it. */
  readonly selfMade: boolean;
};

type Settings = Pick<Config, 'SHOUWANG_DATA_DIR' | 'SHOUWANG_TLS_CERT' | 'SHOUWANG_TLS_KEY' | 'SHOUWANG_PUBLIC_URL'>;

/** Hubs pin it, so it lives as long as they do; near its end a new one is made. */
const LIVES_MS = days(3_650);
const RENEW_BEFORE_MS = days(30);
/** Not from the day it is made: that may be in the future, by a clock that nobody has set yet, and hubs' clocks may be far behind. */
const VALID_FROM = new Date(0);

const IP = /^[\d.]+$|:/;

async function make(publicUrl: string | undefined, now: number): Promise<string> {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  const reachedAt = publicUrl ? [new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')] : [];
  const names = new Set(['localhost', hostname(), '127.0.0.1', '::1', ...addresses, ...reachedAt]);
  // Loaded only for the one start that needs it: it is the slowest of all to load.
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: hostname() }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: VALID_FROM,
    notAfterDate: new Date(now + LIVES_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        // A scope names an interface of this machine, which no certificate can.
        altNames: [...names]
          .filter((name) => !name.includes('%'))
          .map((name) => (IP.test(name) ? ({ type: 7, ip: name } as const) : ({ type: 2, value: name } as const))),
      },
    ],
  });
  return `${made.private.trim()}\n${made.cert.trim()}\n`;
}

function read(certText: string, keyText: string, selfMade: boolean): Certificate {
  const cert = certText.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g)?.join('\n') ?? '';
  const key = keyText.match(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]+?-----END \1-----/)?.[0] ?? '';
  return { cert, key, fingerprint: new X509Certificate(cert).fingerprint256, selfMade };
}

const endsAt = ({ cert }: Certificate): number => Date.parse(new X509Certificate(cert).validTo);

function readOwn(certFile: string, keyFile: string): Certificate {
  try {
    return read(readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8'), false);
  } catch (cause) {
    throw new ConfigError(
      `SHOUWANG_TLS_CERT (${certFile}) and SHOUWANG_TLS_KEY (${keyFile}) must be readable PEM files of a certificate and its key: ${String(cause)}`,
      { cause },
    );
  }
}

/**
 * The site's own certificate, or one made at first start and kept in the data folder, which consoles and MQTT share: `tls/site.pem`
 * with the key, readable by its owner only, and `tls/certificate.pem` without it, to be given to hubs.
 */
export async function siteCertificate(config: Settings, now: number): Promise<Certificate> {
  const { SHOUWANG_TLS_CERT: certFile, SHOUWANG_TLS_KEY: keyFile } = config;
  if (certFile && keyFile) return readOwn(certFile, keyFile);

  const folder = join(config.SHOUWANG_DATA_DIR, 'tls');
  const file = join(folder, 'site.pem');
  const kept = (): Certificate => {
    const text = readFileSync(file, 'utf8');
    return read(text, text, true);
  };
  if (existsSync(file) && endsAt(kept()) > now + RENEW_BEFORE_MS) return kept();

  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `site.${process.pid}.pem`);
  writeFileSync(draft, await make(config.SHOUWANG_PUBLIC_URL, now), { mode: 0o600 });
  if (existsSync(file) && endsAt(kept()) <= now + RENEW_BEFORE_MS) rmSync(file, { force: true });
  try {
    // Of two processes that start at once, the first to put its certificate here wins, and both use it.
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  rmSync(draft);
  const certificate = kept();
  writeFileSync(join(folder, 'certificate.pem'), `${certificate.cert}\n`);
  return certificate;
}
