import { describe, expect, it } from 'vitest';
import { hours, minutes } from '../../domain/time.ts';
import { type HomeOptions, timeline } from '../timeline.test-kit.ts';

const connected = (more: HomeOptions = {}) => timeline(more).link('up');

describe('vitals', () => {
  it.each([
    ['systolic', 165, '收缩压 165 mmHg，高于上限 160（cuff）。'],
    ['systolic', 92, '收缩压 92 mmHg，低于下限 100（cuff）。'],
    ['diastolic', 105, '舒张压 105 mmHg，高于上限 100（cuff）。'],
    ['heart_rate', 44, '脉搏 44 /min，低于下限 50（cuff）。'],
    ['spo2', 88, '血氧 88 %，低于下限 92（cuff）。'],
    ['body_temperature', 38.6, '体温 38.6 °C，高于上限 38（cuff）。'],
  ] as const)('%s of %s is outside', (kind, value, zh) => {
    const home = connected().says('cuff', kind, value);
    expect(home.news()).toEqual(['vitals']);
    expect(home.last()?.sentence.zh).toBe(zh);
  });

  it.each([
    ['systolic', 300],
    ['systolic', 0],
    ['heart_rate', 0],
    ['spo2', 0],
    ['spo2', 101],
    ['body_temperature', 21],
  ] as const)('%s of %s is no person', (kind, value) => {
    expect(connected().says('cuff', kind, value).news()).toEqual([]);
  });

  it('believes no pressure whose lower value is above its upper one', () => {
    expect(connected().says('cuff', 'systolic', 102).says('cuff', 'diastolic', 130).news()).toEqual([]);
    expect(connected().says('cuff', 'diastolic', 99).says('cuff', 'systolic', 70).news()).toEqual([]);
  });

  it('goes by the resident’s own limits, and by the widest of two residents', () => {
    const limits = [{ systolic: [90, 180] as const }];
    expect(connected({ limits }).says('cuff', 'systolic', 170).news()).toEqual([]);
    expect(
      connected({ limits: [{}, ...limits] })
        .says('cuff', 'systolic', 170)
        .news(),
    ).toEqual([]);
    expect(connected({ limits: [] }).says('cuff', 'systolic', 170).news()).toEqual(['vitals']);
  });

  it('repeats itself after an hour, at once when clearly worse, and says when all is within limits again', () => {
    const home = connected();
    home.every(minutes(5), '08:58', () => home.says('watch', 'spo2', 90));
    expect(home.news()).toEqual(['vitals']);
    expect(home.at('08:59').says('watch', 'spo2', 80).news()).toEqual(['vitals']);
    expect(home.says('watch', 'spo2', 79).news()).toEqual([]);
    expect(home.at('10:00').says('watch', 'spo2', 79).news()).toEqual(['vitals']);
    expect(home.says('watch', 'spo2', 96).says('watch', 'spo2', 97).news()).toEqual(['-vitals']);
    expect(home.says('watch', 'spo2', 90).news()).toEqual([]);
  });

  it('concludes nothing from what is older than a quarter of an hour', () => {
    const home = connected().says('cuff', 'systolic', 190, { ageMs: minutes(15) });
    expect(home.news()).toEqual([]);
    expect(home.says('cuff', 'systolic', 190, { ageMs: minutes(15) - 1 }).news()).toEqual(['vitals']);
  });
});

describe('a door open at night', () => {
  const devices = { front: { class: 'door', name: '大门' }, win: { class: 'door', name: '卧室窗' } } as const;

  it('is found after its minutes, once, and says when it is closed', () => {
    const home = connected({ devices, from: '23:00' }).says('front', 'open').at('23:09:59');
    expect(home.news()).toEqual([]);
    expect(home.at('23:10').news()).toEqual(['door_open']);
    expect(home.last()?.sentence.zh).toBe('夜里大门开着：23:00 打开后一直没有关，已 10 分钟（夜间上限 10 分钟）。');
    expect(home.at('1d 05:00').news()).toEqual([]);
    expect(home.says('front', 'open', false).news()).toEqual(['-door_open']);
  });

  it('is no matter by day, and one from nightfall on', () => {
    const home = connected({ devices, from: '15:00' }).says('front', 'open').at('22:09:59');
    expect(home.news()).toEqual([]);
    expect(home.at('22:10').news()).toEqual(['door_open']);
  });

  it('is no matter when it closes in time, nor in the morning, nor for a window', () => {
    const home = connected({ devices, from: '23:00' }).says('front', 'open').at('23:05').says('front', 'open', false);
    home.says('win', 'open').at('1d 05:55').says('front', 'open');
    expect(home.at('1d 21:00').news()).toEqual([]);
  });

  it('is not opened by an old word that comes after a newer one', () => {
    const home = connected({ devices, from: '23:00' }).says('front', 'open', false);
    home.says('front', 'open', true, { ageMs: minutes(5) });
    expect(home.at('1d 03:00').news()).toEqual([]);
  });

  it('may have been closed while we were out: it counts anew', () => {
    const home = connected({ devices, from: '23:00' })
      .says('front', 'open')
      .at('23:05')
      .restart(minutes(30))
      .link('up');
    expect(home.at('23:44').news()).toEqual(['system']);
    expect(home.at('23:46').news()).toEqual(['door_open']);
  });

  it('is not concluded while nobody lives there', () => {
    const home = connected({ devices, from: '23:00', mode: 'paused' }).says('front', 'open');
    expect(home.at('1d 03:00').news()).toEqual([]);
  });
});

describe('a low battery', () => {
  it('is found below the limit, and over only well above it', () => {
    const home = connected().says('x', 'battery', 16).says('x', 'battery', 14);
    expect(home.news()).toEqual(['battery_low']);
    home.says('x', 'battery', 15).says('x', 'battery', 14).says('x', 'battery', 24);
    expect(home.news()).toEqual([]);
    expect(home.says('x', 'battery', 25).news()).toEqual(['-battery_low']);
  });

  it('is also its own warning, and over when both are', () => {
    const home = connected().says('x', 'battery_low').says('x', 'battery', 10).says('x', 'battery_low', false);
    expect(home.news()).toEqual(['battery_low']);
    expect(home.says('x', 'battery', 100).news()).toEqual(['-battery_low']);
  });

  it.each([
    ['from an old reading', 3, { ageMs: hours(1) }],
    ['from a percentage that is none', 255, {}],
  ])('is not concluded %s', (_, value, manner) => {
    expect(connected().says('x', 'battery', value, manner).news()).toEqual([]);
  });
});

describe('tampering', () => {
  it('is found on a change, and over with the next', () => {
    const home = connected()
      .says('x', 'tamper')
      .says('x', 'tamper')
      .says('x', 'tamper', false)
      .says('x', 'tamper', false);
    expect(home.news()).toEqual(['tamper', '-tamper']);
    expect(home.says('x', 'tamper', true, { ageMs: minutes(1) }).news()).toEqual([]);
  });
});

describe('a hub that invents devices without end', () => {
  it.each([
    ['battery', 1],
    ['tamper', true],
    ['open', true],
    ['smoke', true],
  ] as const)('is followed in no more of them than others, by any rule (%s)', (kind, value) => {
    const home = connected({ from: '23:00' });
    const of = (from: number) => Array.from({ length: 600 }, (_, n) => ({ device: `d${from + n}`, kind, value }));
    for (const from of [0, 600]) home.sends(JSON.stringify({ readings: of(from) }));
    const { devices, rules } = home.state() ?? { devices: {}, rules: {} };
    expect(Object.keys(devices)).toHaveLength(500);
    for (const slice of Object.values(rules)) expect(Object.keys(slice as object).length).toBeLessThanOrEqual(500);
  });
});
