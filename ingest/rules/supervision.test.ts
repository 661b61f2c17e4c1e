import { describe, expect, it } from 'vitest';
import { hours, minutes, seconds } from '../../domain/time.ts';
import { type HomeOptions, HUB, timeline } from '../timeline.test-kit.ts';

const connected = (more: HomeOptions = {}) => timeline(more).link('up');
const battery: HomeOptions = { hubs: [{ id: HUB, power: 'battery' }] };

describe('a lost hub', () => {
  it('is found three minutes after its connection ended, and is back with the next one', () => {
    const home = connected().at('09:00').link('down').at('09:02:59');
    expect(home.news()).toEqual([]);
    expect(home.at('09:03').news()).toEqual(['hub_lost']);
    expect(home.last()).toMatchObject({
      about: { hubId: HUB, device: '' },
      at: home.now(),
      evidence: { numbers: { limitMs: minutes(3) } },
    });
    expect(home.at('12:00').link('up').news()).toEqual(['-hub_lost']);
  });

  it('has been lost since its last word when its link died without one', () => {
    const home = connected().at('09:01:30').link('down', HUB, seconds(90)).at('09:02:59');
    expect(home.news()).toEqual([]);
    expect(home.at('09:03').news()).toEqual(['hub_lost']);
    expect(home.link('up').at('12:00').link('down', HUB, minutes(20)).news()).toEqual(['-hub_lost', 'hub_lost']);
  });

  it('may be silent for as long as it is connected', () => {
    expect(connected().at('9d 08:00').news()).toEqual([]);
  });

  it('has six hours when it runs on a battery', () => {
    const home = connected(battery).link('down').at('13:59');
    expect(home.news()).toEqual([]);
    expect(home.at('14:01').news()).toEqual(['hub_lost']);
  });

  it('is not lost before it was first heard', () => {
    const home = timeline({
      hubs: [
        { id: HUB, power: 'mains' },
        { id: 'hub-2', power: 'mains' },
      ],
    }).link('up');
    expect(home.at('9d 08:00').news()).toEqual([]);
  });

  it('is not lost by a take-over whose old connection ends after the new one began', () => {
    const home = connected().link('up');
    home.link('down', 'nobody');
    expect(home.at('1d 08:00').news()).toEqual([]);
  });

  it('has its time again when we come back from an outage of our own', () => {
    const home = connected().at('10:00').restart(seconds(20));
    expect(home.at('10:03:19').news()).toEqual([]);
    expect(home.at('10:03:21').news()).toEqual(['hub_lost']);
    expect(home.link('up').news()).toEqual(['-hub_lost']);
  });

  it('is not lost by our restart when it comes back in time', () => {
    const home = connected().at('10:00').restart(seconds(50)).at('10:02').link('up');
    expect(home.at('1d 10:00').news()).toEqual([]);
  });

  it('is one system incident, and no losses, when we were out for hours', () => {
    const home = connected().says('hall', 'motion').at('10:00').restart(hours(30)).link('up').says('hall', 'motion');
    home.forward(minutes(10));
    expect(home.news()).toEqual(['system']);
    expect(home.findings()[0]).toMatchObject({ householdId: 'system', about: { hubId: '', device: 'outage' } });
  });
});

describe('a lost device', () => {
  const alive = (home: ReturnType<typeof connected>, until: string) =>
    home.every(minutes(30), until, () => home.says('', 'heartbeat'));

  it.each([
    ['motion', 'hall', '1d 08:59', '1d 09:01'],
    ['smoke', 'kitchen', '1d 08:59', '1d 09:01'],
    ['open', 'front', '2d 08:59', '2d 09:01'],
  ] as const)('%s sensor: by its class', (kind, device, before, after) => {
    const home = alive(connected().says(device, kind, false), before);
    expect(home.news()).toEqual([]);
    expect(home.at(after).news()).toEqual(['device_lost']);
    expect(home.says(device, kind, false).news()).toEqual(['-device_lost']);
  });

  it('is a smoke alarm to us even if it told the temperature first', () => {
    const home = connected().says('x', 'temperature', 20).says('x', 'smoke', false);
    expect(home.state()?.devices['hub-1/x']?.class).toBe('alarm');
  });

  it.each([
    ['as it has shown itself', '', ['sos', 'device_lost']],
    ['as an installer said', '手表', ['sos']],
  ])('is what it is for %s, also when less was known of it at our start', (_, name, news) => {
    const devices = { watch: { class: 'vital_monitor', name } } as const;
    const home = connected({ devices }).says('watch', 'heart_rate', 70).says('watch', 'sos');
    expect(alive(home, '1d 09:05').news()).toEqual(news);
  });

  it('is not missed while its hub is lost, and has its time again after it', () => {
    const home = connected().says('hall', 'motion').at('20:00').link('down').at('3d 08:00');
    expect(home.news().filter((word) => word === 'device_lost')).toEqual([]);
    home.link('up').at('4d 08:59');
    expect(home.news().filter((word) => word === 'device_lost')).toEqual([]);
    expect(home.at('4d 09:01').news()).toEqual(['device_lost']);
  });

  it('is not missed because of our own restart, when its hub has been gone for days', () => {
    const home = connected().says('x', 'smoke', false).at('20:00').link('down').at('3d 08:00').restart(seconds(30));
    expect(home.at('3d 08:02').news()).toEqual(['hub_lost']);
    home.link('up').at('4d 08:59');
    expect(home.news()).toEqual(['-hub_lost']);
    expect(home.at('4d 09:05').news()).toEqual(['device_lost']);
  });

  it('is not alive because its hub says that it is', () => {
    const home = connected().says('hall', 'motion', false);
    home.every(minutes(60), '1d 08:59', () => home.says('hall', 'available'));
    expect(home.at('1d 09:01').news()).toEqual(['device_lost']);
  });

  it('is not hidden by restarts every night', () => {
    const home = connected().says('hall', 'motion', false).at('23:00').restart(seconds(30)).link('up').at('1d 08:59');
    expect(home.news()).toEqual([]);
    expect(home.at('1d 09:01').news()).toEqual(['device_lost']);
  });

  it('was heard when its late message was made', () => {
    const home = connected()
      .says('hall', 'motion', false)
      .at('20:00')
      .says('hall', 'motion', false, { ageMs: hours(2) });
    expect(home.at('1d 18:59').news()).toEqual([]);
    expect(home.at('1d 19:01').news()).toEqual(['device_lost']);
  });

  it('is never a cuff or a scale, which speak when they are used', () => {
    expect(connected().says('cuff', 'systolic', 120).at('20d 08:00').news()).toEqual([]);
  });
});

describe('a hub’s clock', () => {
  it('is wrong when all it says for an hour is old', () => {
    const home = connected();
    home.every(minutes(10), '08:59', () => home.says('x', 'temperature', 20, { ageMs: hours(5) }));
    expect(home.news()).toEqual([]);
    home.every(minutes(10), '09:25', () => home.says('x', 'temperature', 20, { ageMs: hours(5) }));
    expect(home.news()).toEqual(['hub_clock']);
    expect(home.says('x', 'temperature', 20).news()).toEqual(['-hub_clock']);
  });

  it('is wrong when its times cannot be believed', () => {
    const home = connected();
    home.every(minutes(10), '09:15', () => home.says('x', 'temperature', 20, { wrongClock: true }));
    expect(home.news()).toEqual(['hub_clock']);
  });

  it('that is wrong changes nothing but the time: what comes equally late counts as happening on arrival', () => {
    const home = connected().says('hall', 'motion');
    const late = { ageMs: hours(5) };
    home.every(minutes(10), '20:00', () => home.says('hall', 'motion', true, late));
    expect(home.news()).toEqual(['hub_clock']);
    home.says('front', 'open', true, late).at('20:01').says('front', 'open', false, late);
    expect(home.at('1d 19:00').news()).toEqual([]);
    expect(home.at('1d 20:10').news()).toEqual(['inactivity']);
    home.says('cuff', 'systolic', 190, late);
    expect(home.news()).toEqual(['vitals', '-inactivity']);
  });

  it('is not wrong because a quiet hub was cut off twice and had nothing to say in between', () => {
    const home = connected();
    for (const age of [50, 40, 30, 20]) home.says('x', 'temperature', 20, { ageMs: minutes(age) });
    home.at('13:00');
    for (const age of [50, 40, 30, 20]) home.says('x', 'temperature', 20, { ageMs: minutes(age) });
    expect(home.at('14:00').news()).toEqual([]);
  });

  it('is not wrong because a backlog comes between live words', () => {
    const home = connected();
    home.every(minutes(10), '12:00', () => {
      home.says('x', 'temperature', 20, { ageMs: hours(40) }).says('', 'heartbeat');
    });
    expect(home.news()).toEqual([]);
  });
});
