import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alertEventKind, alertState, disposition } from '../../../domain/alert.ts';
import { categories } from '../../../domain/category.ts';
import { areaKind, householdMode, resident } from '../../../domain/household.ts';
import { deviceClass, ecosystem, hub } from '../../../domain/hub.ts';
import { delivery, noticeState, verdictReason } from '../../../domain/notice.ts';
import type { UnreadableReason } from '../../../domain/packet.ts';
import { audience, channelName } from '../../../domain/plan.ts';
import { readingKinds } from '../../../domain/reading.ts';
import { role } from '../../../domain/user.ts';
import { deviceNow } from '../../wire/household.ts';
import { en } from './en.ts';
import { zh } from './zh-CN.ts';

type Branch = { readonly [key: string]: string | Branch };

const keysOf = (branch: Branch, prefix = ''): string[] =>
  Object.entries(branch).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${prefix}${key}`] : keysOf(value, `${prefix}${key}.`),
  );

const phrase = (words: Branch, key: string): string =>
  String(key.split('.').reduce<unknown>((branch, part) => (branch as Branch)[part], words));

const catalogues = { 'zh-CN': zh as Branch, en: en as Branch };

const sources = globSync('**/*.{ts,tsx}', {
  cwd: join(import.meta.dirname, '..'),
  exclude: ['words/**', 'dist/**', '**/*.test.ts'],
})
  .map((file) => readFileSync(join(import.meta.dirname, '..', file), 'utf8'))
  .join('\n');

/** Literal keys, and the prefixes of keys whose last part is a value: `category.${…}`. */
const literals = new Set([...sources.matchAll(/['"]([a-z][A-Za-z]*(?:\.[A-Za-z_-]+)+)['"]/g)].map((match) => match[1]));
const prefixes = [...sources.matchAll(/`([a-z][A-Za-z]*\.(?:[A-Za-z]+\.)*)\$\{/g)].map((match) => String(match[1]));

describe('the catalogue of words', () => {
  it('has the same keys in every language', () => {
    expect(keysOf(catalogues.en).toSorted()).toEqual(keysOf(catalogues['zh-CN']).toSorted());
  });

  it('has no key that nobody says', () => {
    const unused = keysOf(catalogues['zh-CN']).filter(
      (key) => !literals.has(key) && !prefixes.some((prefix) => key.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
  });

  it('fills the same gaps in every language', () => {
    const gaps = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).toSorted();
    for (const key of keysOf(catalogues.en)) {
      expect([key, gaps(phrase(catalogues.en, key))]).toEqual([key, gaps(phrase(catalogues['zh-CN'], key))]);
    }
  });

  it('leaves no phrase empty', () => {
    for (const words of Object.values(catalogues)) {
      expect(keysOf(words).filter((key) => phrase(words, key).trim() === '')).toEqual([]);
    }
  });
});

const unreadableReasons: Record<UnreadableReason, true> = {
  not_json: true,
  not_our_shape: true,
  unknown_topic: true,
  too_deep: true,
  no_known_value: true,
};

const lists: Record<string, readonly string[]> = {
  priority: ['1', '2', '3', '4'],
  category: Object.keys(categories),
  alertState: alertState.options,
  disposition: disposition.options,
  event: alertEventKind.options,
  audience: audience.options,
  channel: channelName.options,
  noticeState: noticeState.options,
  verdict: verdictReason.options,
  outcome: delivery.shape.outcome.options,
  role: role.options,
  mode: householdMode.options,
  areaKind: areaKind.options,
  sex: resident.shape.sex.unwrap().options,
  ecosystem: ecosystem.options,
  power: hub.shape.power.options,
  deviceClass: deviceClass.options,
  'reading.kind': Object.keys(readingKinds),
  'device.state': deviceNow.shape.state.options,
  unreadableReason: Object.keys(unreadableReasons),
};

describe('the words of the domain', () => {
  it.each(Object.entries(lists))('say every value of %s in every language, and no other', (list, values) => {
    for (const words of Object.values(catalogues)) {
      const branch = list.split('.').reduce<Branch>((found, part) => found[part] as Branch, words);
      expect(Object.keys(branch).toSorted()).toEqual([...values].toSorted());
    }
  });
});
