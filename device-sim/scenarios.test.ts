import { describe, expect, it } from 'vitest';
import { watchSettings } from '../domain/household.ts';
import { factsOf } from '../domain/reading.ts';
import { within } from '../domain/time.ts';
import { homeOf } from './home.ts';
import { type Act, isPlayable, isScenario, type Scenario, scenarios } from './scenarios.ts';

const home = homeOf(1, { seed: 'test', prefix: 'demo', ecosystem: 'shouwang' });
const all: readonly [string, Scenario][] = Object.entries(scenarios);
const saidIn = (act: Act) =>
  act.kind === 'says' ? act.readings : act.kind === 'says_backwards' ? act.messages.flat() : [];

describe.each(all)('scenario %s', (name, scenario) => {
  it('says what should be seen, and speaks only of the home’s devices in their units', () => {
    expect(isScenario(name)).toBe(true);
    expect(scenario.expect.length).toBeGreaterThan(20);
    const keys = new Set(['', ...home.devices.map(({ key }) => key)]);
    const readings = scenario.acts(home).flatMap(saidIn);
    expect(readings.length).toBeGreaterThan(0);
    for (const r of readings) {
      expect(keys.has(r.device)).toBe(true);
      expect(typeof r.value).toBe(factsOf(r.kind).shape === 'measure' ? 'number' : 'boolean');
    }
  });

  it('plays in four minutes at most', () => {
    const waits = scenario.acts(home).map((act) => (act.kind === 'waits' ? act.ms : 0));
    expect(waits.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(240_000);
  });
});

describe('scenarios', () => {
  it('do not know a name from the prototype', () => {
    expect(isScenario('constructor')).toBe(false);
  });

  it('make it night now for the wanderer, whatever the hour, in settings the household accepts', () => {
    for (const minute of [0, 149, 150, 720, 1439]) {
      const settings = watchSettings.parse(scenarios.wandering.settings(minute));
      expect(within(minute, ...settings.night)).toBe(true);
    }
  });

  it('let oxygen fall and pulse rise without turning', () => {
    const spo2 = scenarios.deterioration
      .acts(home)
      .flatMap(saidIn)
      .filter((r) => r.kind === 'spo2');
    expect(spo2.map((r) => r.value)).toEqual(spo2.map((r) => r.value).sort((a, b) => Number(b) - Number(a)));
    expect(spo2.at(-1)?.value).toBeLessThan(92);
  });

  it('play in a home exactly when it has the devices', () => {
    const zigbee = homeOf(3, { seed: 'test', prefix: 'demo' });
    expect(isPlayable('fall-at-night', home)).toBe(true);
    expect(isPlayable('fall-at-night', zigbee)).toBe(false);
    expect(() => scenarios['fall-at-night'].acts(zigbee)).toThrow('no device that reads fall');
    expect(isPlayable('duplicates', zigbee)).toBe(false);
    for (const [name] of all) if (isScenario(name) && isPlayable(name, zigbee)) scenarios[name].acts(zigbee);
  });
});
