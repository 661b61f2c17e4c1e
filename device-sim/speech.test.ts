import { describe, expect, it } from 'vitest';
import type { SimReading } from './event.ts';
import { homeOf } from './home.ts';
import { dayOf } from './life.ts';
import { ownSpeech } from './own-speech.ts';
import { zigbeeSpeech } from './zigbee-speech.ts';

const zigbeeHome = homeOf(3, { seed: 'test', prefix: 'demo' });
const utter = (readings: readonly SimReading[]) => ({
  boot: 'b',
  seq: 1,
  at: Date.parse('2026-11-22T02:10:00Z'),
  readings,
});

describe('our own protocol', () => {
  const speech = ownSpeech('demo-001');

  it('writes boot, number, both times and readings with their UCUM units', () => {
    const [frame] = speech.frames(
      utter([{ kind: 'systolic', device: 'bp', value: 131 }]),
      Date.parse('2026-11-22T02:11:00Z'),
    );
    expect(frame?.topic).toBe('sw/demo-001/up');
    expect(JSON.parse(frame!.payload)).toEqual({
      boot: 'b',
      seq: 1,
      ts: '2026-11-22T02:10:00.000Z',
      sent: '2026-11-22T02:11:00.000Z',
      readings: [{ kind: 'systolic', device: 'bp', value: 131, unit: 'mm[Hg]' }],
    });
  });

  it('sends an emergency on its own topic, and the end of one on the ordinary', () => {
    const topicOf = (value: boolean) => speech.frames(utter([{ kind: 'smoke', device: 's', value }]), 0)[0]?.topic;
    expect(topicOf(true)).toBe('sw/demo-001/emergency');
    expect(topicOf(false)).toBe('sw/demo-001/up');
  });

  it('hears acknowledgements and nothing else', () => {
    expect(speech.acknowledged?.('{"ack":{"boot":"b","seq":7}}')).toEqual({ boot: 'b', seq: 7 });
    expect(speech.acknowledged?.('{"set":{}}')).toBeNull();
  });
});

describe('Zigbee2MQTT', () => {
  it('says an open door as contact false, with all that it knows of the device', () => {
    const speech = zigbeeSpeech(zigbeeHome);
    speech.frames(utter([{ kind: 'battery', device: '过道入户门磁', value: 88 }]), 0);
    const [frame] = speech.frames(utter([{ kind: 'open', device: '过道入户门磁', value: true }]), 0);
    expect(frame?.topic).toBe('zigbee2mqtt/过道入户门磁');
    expect(JSON.parse(frame!.payload)).toMatchObject({ contact: false, battery: 88 });
  });

  it('says a pressed button once and does not repeat it with the next sign of life', () => {
    const speech = zigbeeSpeech(zigbeeHome);
    const said = (kind: 'sos' | 'heartbeat') =>
      JSON.parse(speech.frames(utter([{ kind, device: '卧室紧急按钮', value: true }]), 0)[0]!.payload);
    expect(said('sos').action).toBe('emergency');
    expect(said('heartbeat')).not.toHaveProperty('action');
  });

  it('exposes in its catalogue every property that its homes publish in a day', () => {
    const speech = zigbeeSpeech(zigbeeHome);
    const devices = JSON.parse(speech.greeting().find(({ topic }) => topic.endsWith('bridge/devices'))!.payload) as {
      friendly_name: string;
      definition: { exposes: { property: string }[] } | null;
    }[];
    const exposed = new Map(
      devices.map((d) => [d.friendly_name, d.definition?.exposes.map(({ property }) => property)]),
    );
    for (const { readings } of dayOf(zigbeeHome, '2026-11-22'))
      for (const frame of speech.frames(utter(readings), 0)) {
        const name = frame.topic.replace('zigbee2mqtt/', '');
        if (name === 'bridge/state') continue;
        expect(exposed.get(name)).toEqual(expect.arrayContaining(Object.keys(JSON.parse(frame.payload))));
      }
  });
});
