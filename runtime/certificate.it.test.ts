import { X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { days } from '../domain/time.ts';
import { temporaryFolder } from '../test/memory.ts';
import { siteCertificate } from './certificate.ts';
import { ConfigError, readConfig } from './config.ts';

const NOW = Date.UTC(2026, 10, 22);
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const config = (more: Record<string, string> = {}) =>
  readConfig({ SHOUWANG_DATA_DIR: join(folder.path, 'data'), ...more });

test('one certificate is made at first start, kept, and made anew only near its end', async () => {
  const [first, second] = await Promise.all([siteCertificate(config(), NOW), siteCertificate(config(), NOW)]);
  expect(second).toEqual(first);
  expect(await siteCertificate(config(), NOW + days(3_000))).toEqual(first);
  const renewed = await siteCertificate(config(), NOW + days(3_630));
  expect(renewed.fingerprint).not.toBe(first.fingerprint);
  expect(await siteCertificate(config(), NOW + days(3_631))).toEqual(renewed);
  const tls = join(folder.path, 'data', 'tls');
  expect(readdirSync(tls).toSorted()).toEqual(['certificate.pem', 'site.pem']);
  expect(readFileSync(join(tls, 'certificate.pem'), 'utf8')).not.toContain('PRIVATE');
});

test('one that was made while the clock was a year ahead is good once it is set right', async () => {
  const { cert } = await siteCertificate(config(), NOW + days(365));
  expect(Date.parse(new X509Certificate(cert).validFrom)).toBe(0);
});

test('its key is readable by its owner only, and it is good for the names by which this machine is reached', async () => {
  const { cert, fingerprint, selfMade } = await siteCertificate(
    config({ SHOUWANG_PUBLIC_URL: 'https://care.example:8443' }),
    NOW,
  );
  expect(statSync(join(folder.path, 'data', 'tls', 'site.pem')).mode & 0o777).toBe(0o600);
  const parsed = new X509Certificate(cert);
  expect(parsed.fingerprint256).toBe(fingerprint);
  expect(selfMade).toBe(true);
  expect(['localhost', 'care.example'].map((name) => parsed.checkHost(name))).toEqual(['localhost', 'care.example']);
  expect(parsed.checkIP('127.0.0.1')).toBe('127.0.0.1');
});

test("the site's own certificate is taken as it is; one that cannot be read ends the start with its names", async () => {
  const made = await siteCertificate(config(), NOW);
  const at = (name: string): string => join(folder.path, name);
  mkdirSync(folder.path, { recursive: true });
  writeFileSync(at('cert.pem'), made.cert);
  writeFileSync(at('key.pem'), made.key);
  const own = { SHOUWANG_TLS_CERT: at('cert.pem'), SHOUWANG_TLS_KEY: at('key.pem') };
  expect(await siteCertificate(config(own), NOW)).toEqual({ ...made, selfMade: false });
  const missing = siteCertificate(config({ ...own, SHOUWANG_TLS_CERT: at('none.pem') }), NOW);
  await expect(missing).rejects.toThrow(ConfigError);
  await expect(missing).rejects.toThrow(/SHOUWANG_TLS_CERT \(.*none\.pem\)/);
});
