import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { aTelling, NIGHT } from '../test-telling.ts';
import { signatureOf } from './signature.ts';
import { messageOf, webhookMessage } from './webhook-message.ts';

const document = readFileSync(new URL('../../docs/webhook.md', import.meta.url), 'utf8');
const example = (language: string): string =>
  new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(document)?.[1] ?? '';

test('the documented message is one that Shouwang could send, with every field that it sends', () => {
  const documented = webhookMessage.parse(JSON.parse(example('json')));
  const sent = webhookMessage.parse(messageOf(aTelling({ notice: { channel: 'webhook' } }), 'https://desk.test'));
  const fields = (value: unknown): unknown =>
    Array.isArray(value)
      ? [fields(value[0])]
      : typeof value === 'object' && value !== null
        ? Object.entries(value)
            .map(([name, inner]) => [name, fields(inner)])
            .sort()
        : null;
  expect(fields(documented)).toEqual(fields(sent));
});

test('the documented check of the signature accepts ours, and nothing else', () => {
  const timestamp = Math.floor(Date.now() / 1_000);
  const signed = (at: number) => ({
    'shouwang-timestamp': String(at),
    'shouwang-signature': signatureOf('secret', at, '{}'),
  });
  const cases = [
    ['secret', signed(timestamp), '{}'],
    ['secret', signed(timestamp - 301), '{}'],
    ['other', signed(timestamp), '{}'],
    ['secret', signed(timestamp), '{ }'],
    ['secret', {}, '{}'],
  ];
  const program = `${example('ts')}
    const cases = ${JSON.stringify(cases)} as [string, Record<string, string>, string][];
    console.log(cases.map(([secret, headers, body]) => isFromShouwang(secret, new Headers(headers), body)).join(' '));`;
  const said = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', program], { encoding: 'utf8' });
  expect(said.trim()).toBe('true false false false false');
});

test('the documented shell commands sign as we do', () => {
  const [, timestamp, signature] = /timestamp (\d+) the signature is\s+`(v1=\w+)`/.exec(document) ?? [];
  expect(signatureOf('kitchen-window-secret', Number(timestamp), '{"version":1,"delivery":"7d8c"}')).toBe(signature);
  const lines = example('sh')
    .split('\ncurl')[0]!
    .replace('$(date +%s)', String(NIGHT / 1_000));
  const said = execFileSync('sh', ['-c', `${lines}\nprintf 'v1=%s' "$signature"`], { encoding: 'utf8' });
  expect(said).toBe(signatureOf('kitchen-window-secret', NIGHT / 1_000, '{"version":1,"delivery":"7d8c"}'));
});
