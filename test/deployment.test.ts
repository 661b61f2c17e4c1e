import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { settings } from '../runtime/config.ts';

const root = new URL('..', import.meta.url).pathname;
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const known = Object.keys(settings.shape);

it.each(['Dockerfile', 'docker-compose.yml', ...globSync(['*.md', 'docs/*.md'], { cwd: root })])(
  '%s names only settings that there are',
  (path) => {
    const named = read(path).match(/\bSHOUWANG_[A-Z_]+\b/g) ?? [];
    expect(named.filter((key) => !known.includes(key))).toEqual([]);
  },
);

it('the documents link to files that there are', () => {
  const broken = globSync(['*.md', 'docs/*.md'], { cwd: root }).flatMap((path) => {
    const folder = new URL(path, `file://${root}`);
    const links = [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, link]) => link!);
    return links
      .filter((link) => globSync(new URL(link, folder).pathname).length === 0)
      .map((link) => `${path}: ${link}`);
  });
  expect(broken).toEqual([]);
});

it('every password and token of the containers comes from outside', () => {
  const secrets = read('docker-compose.yml').matchAll(/^\s+(\w*(?:PASSWORD|TOKEN)\w*): (.*)$/gm);
  for (const [, key, value] of secrets) expect(value, key).toMatch(/^\$\{\w+:\?.*\}$/);
});
