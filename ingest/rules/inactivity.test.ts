import { describe, expect, it } from 'vitest';
import { hours, minutes, seconds } from '../../domain/time.ts';
import { type HomeOptions, HUB, timeline } from '../timeline.test-kit.ts';

const settings = { inactivityDayMinutes: 240, inactivityNightMinutes: 480 };
const devices = {
  hall: { class: 'motion', room: '客厅' },
  front: { class: 'door', name: '大门' },
  fridge: { class: 'door', name: '冰箱' },
} as const;
const connected = (more: HomeOptions = {}) => timeline({ settings, devices, ...more }).link('up');

describe('no motion for too long', () => {
  it('is found when the limit of the day is reached, and said once', () => {
    const home = connected().says('hall', 'motion').at('11:59');
    expect(home.news()).toEqual([]);
    expect(home.at('12:01').news()).toEqual(['inactivity']);
    expect(home.last()).toMatchObject({ at: home.now() - minutes(1), evidence: { numbers: { quietMs: hours(4) } } });
    expect(home.last()?.sentence.zh).toBe(
      '家里已 4 小时没有活动（上限：白天 4 小时，夜间 8 小时），最后一次是 08:00 在客厅；',
    );
    expect(home.at('21:00').news()).toEqual([]);
  });

  it('ends with the next motion, and may come again', () => {
    const home = connected().says('hall', 'motion').at('13:00');
    expect(home.news()).toEqual(['inactivity']);
    expect(home.says('hall', 'motion').news()).toEqual(['-inactivity']);
    expect(home.at('17:00:01').news()).toEqual(['inactivity']);
  });

  it('counts each hour by the limit of its time of day: a night asleep uses up only its share', () => {
    const home = connected({ from: '21:00' }).says('hall', 'motion');
    // An hour of the evening (1/4 of 4 h) and six of the night (3/4 of 8 h).
    expect(home.at('1d 03:59').news()).toEqual([]);
    expect(home.at('1d 04:01').news()).toEqual(['inactivity']);
    const asleep = connected({ from: '22:00' }).says('hall', 'motion');
    expect(asleep.at('1d 05:59').news()).toEqual([]);
  });

  it('counts only while the home can be heard', () => {
    const home = connected({ hubs: [{ id: 'hub-1', power: 'battery' }] }).says('hall', 'motion');
    home.at('10:00').link('down').at('12:00').link('up');
    expect(home.at('13:59').news()).toEqual([]);
    expect(home.at('14:01').news()).toEqual(['inactivity']);
    expect(home.last()?.evidence.numbers).toMatchObject({ countedMs: hours(4), quietMs: hours(6) });
  });

  it('does not count our own outage', () => {
    const home = connected().says('hall', 'motion').at('11:00').restart(hours(3));
    home.forward(seconds(20));
    home.link('up');
    expect(home.news()).toEqual(['system']);
    expect(home.at('14:59').news()).toEqual([]);
    expect(home.at('15:02').news()).toEqual(['inactivity']);
  });

  it('says nothing of a home without anything that shows movement', () => {
    const home = connected().says('cuff', 'systolic', 120).says('front', 'open').at('2d 12:00');
    expect(home.news().filter((word) => word === 'inactivity')).toEqual([]);
  });

  it('is not concluded while nobody lives there, and begins anew afterwards', () => {
    const home = connected().says('hall', 'motion').change({ mode: 'paused' }).at('18:00').change({ mode: 'live' });
    expect(home.at('21:59').news()).toEqual([]);
    expect(home.at('22:01').news()).toEqual(['inactivity']);
  });

  it('takes measuring oneself and opening the fridge for movement, a wearable’s pulse not', () => {
    const home = connected()
      .says('hall', 'motion')
      .at('10:00')
      .says('fridge', 'open')
      .at('12:00')
      .says('cuff', 'systolic', 120);
    home.every(minutes(10), '15:59', () => home.says('watch', 'heart_rate', 70));
    expect(home.news()).toEqual([]);
    expect(home.at('16:01').news()).toEqual(['inactivity']);
  });

  it('uses an old motion to know that somebody moved later, and never to raise', () => {
    const home = connected()
      .says('hall', 'motion')
      .at('11:00')
      .says('hall', 'motion', true, { ageMs: hours(1) });
    expect(home.at('13:59').news()).toEqual([]);
    expect(home.at('14:01').news()).toEqual(['inactivity']);
    const late = connected().says('hall', 'motion', true, { ageMs: hours(30) });
    expect(late.at('11:59').news()).toEqual([]);
  });
});

describe('a hub that is lost for good', () => {
  const second = { hub: 'hub-2' };
  const both = (['hub-2', HUB] as const).map((id) => ({ id, power: 'mains' as const }));
  const connectedBoth = () =>
    timeline({ settings, devices, hubs: both }).link('up', 'hub-2').link('up').says('hall', 'motion');
  const two = () => connectedBoth().says('bed', 'motion', true, second);
  const lost = (home: ReturnType<typeof two>) => home.at('09:00').link('down').at('09:03');
  const alive = (home: ReturnType<typeof two>, until: string) =>
    home.every(hours(1), until, () => home.says('button', 'battery', 90, second));

  it('is waited for for a day; then what the other has heard since counts', () => {
    const home = lost(two());
    expect(home.news()).toEqual(['hub_lost']);
    alive(home, '1d 07:00').says('bed', 'motion', true, second);
    expect(alive(home, '1d 12:59').news()).toEqual([]);
    expect(alive(home, '1d 13:01').news()).toEqual(['inactivity']);
    home.says('bed', 'motion', true, second);
    expect(home.news()).toEqual(['-inactivity']);
    expect(alive(home, '1d 17:02').news()).toEqual(['inactivity']);
    home.link('up').says('hall', 'motion');
    expect(home.news().sort()).toEqual(['-hub_lost', '-inactivity']);
  });

  it('is not done without where nothing else has shown movement: no false alarm, and each day somebody is told', () => {
    const home = lost(connectedBoth());
    home.every(hours(12), '6d 12:00', () =>
      home.says('fridge', 'open', true, second).says('fridge', 'open', false, second),
    );
    expect(home.news()).toEqual(Array.from({ length: 7 }, () => 'hub_lost'));
    const still = lost(two());
    expect(alive(still, '3d 08:59').news()).toEqual(['hub_lost', 'hub_lost', 'device_lost', 'hub_lost']);
    still.says('bed', 'motion', true, second);
    expect(alive(still, '3d 14:00').news()).toEqual(['-device_lost', 'inactivity']);
  });

  it('is said anew each day while it is the only one, as far as somebody lives there, and is back when it is back', () => {
    const home = connected().says('hall', 'motion').at('09:00').link('down').at('2d 09:01');
    expect(home.news()).toEqual(['hub_lost', 'hub_lost', 'hub_lost']);
    expect(home.last()?.sentence.zh).toContain('网关失去联系已 2 天');
    expect(home.restart(minutes(5)).at('2d 12:00').news()).toEqual(['system']);
    home.change({ mode: 'paused' }).at('5d 12:00').change({ mode: 'live' });
    expect(home.news()).toEqual([]);
    expect(home.at('5d 12:01').news()).toEqual(['hub_lost']);
    expect(home.link('up').news()).toEqual(['-hub_lost']);
  });

  it('is not taken for lost while it only has to connect again after a restart of ours', () => {
    const home = two().at('09:00');
    alive(home, '2d 09:00');
    home.news();
    home.restart(seconds(20)).link('up', 'hub-2').forward(seconds(30));
    home.link('up');
    expect(home.news()).toEqual([]);
  });
});

describe('leaving, or fallen at the door', () => {
  const leave = () => {
    const home = connected().says('hall', 'motion').at('08:10').says('front', 'open');
    home.forward(seconds(20));
    return home.says('front', 'open', false);
  };

  it('does not miss who has left, for a day', () => {
    const home = leave();
    expect(home.at('1d 08:09').news()).toEqual([]);
    expect(home.at('1d 08:11').news()).toEqual(['inactivity']);
    expect(home.findings()[0]?.sentence.zh).toContain('可能外出未归');
  });

  it.each([
    ['any motion inside', (home: ReturnType<typeof leave>) => home.at('08:15').says('hall', 'motion')],
    ['the fridge', (home: ReturnType<typeof leave>) => home.at('08:15').says('fridge', 'open')],
  ])('is at home again by %s', (_, back) => {
    expect(back(leave()).at('12:14').news()).toEqual([]);
    expect(back(leave()).at('12:16').news()).toEqual(['inactivity']);
  });

  it('expects who comes in to move: a fall behind the door is found', () => {
    const home = leave().at('10:00').says('front', 'open');
    home.forward(seconds(10));
    home.says('front', 'open', false);
    expect(home.at('13:59').news()).toEqual([]);
    expect(home.at('14:01').news()).toEqual(['inactivity']);
  });

  it('does not take a door that stays open for leaving', () => {
    const home = connected().says('hall', 'motion').at('08:10').says('front', 'open');
    expect(home.at('12:11').news()).toEqual(['inactivity']);
    expect(home.last()?.sentence.zh).toContain('打开后一直没有关');
  });

  it('ignores what moved just before the door fell shut and was reported just after', () => {
    const home = leave();
    home.forward(seconds(3));
    home.says('hall', 'motion');
    expect(home.at('1d 08:09').news()).toEqual([]);
  });

  it('takes no fridge, window or cupboard for a way out', () => {
    const home = connected().says('hall', 'motion').at('08:10').says('fridge', 'open');
    home.forward(seconds(20));
    home.says('fridge', 'open', false);
    expect(home.at('12:11').news()).toEqual(['inactivity']);
  });
});
