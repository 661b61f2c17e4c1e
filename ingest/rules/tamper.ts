import { type Home, type Input, isFollowed, type Outcome, occurrenceOf, type Rule, without } from '../rule.ts';
import { deviceName } from '../words.ts';

/** The devices that somebody has opened or taken off, since when. */
type Tampered = Readonly<Record<string, number>>;

function step(tampered: Tampered, input: Input, home: Home): Outcome<Tampered> | null {
  if (input.kind !== 'reading' || !input.live || input.news === 'older' || !isFollowed(input, home)) return null;
  const { place } = input;
  const { device, kind, value } = input.reading;
  const about = { hubId: input.hubId, device };
  const known = tampered[place] !== undefined;
  if (known === (value === true)) return null;
  const name = deviceName(home, input.hubId, device);
  if (known) {
    const sentence = { zh: `${name.zh}已装好。`, en: `${name.en} is closed and in place again.` };
    return {
      state: without(tampered, place),
      recoveries: [{ category: 'tamper', about, at: input.madeAt, sentence }],
    };
  }
  return {
    state: { ...tampered, [place]: input.madeAt },
    findings: [
      {
        category: 'tamper',
        about,
        occurrenceKey: occurrenceOf(input, input.hubId, input.index),
        at: input.madeAt,
        delayMs: input.reading.ageMs,
        sentence: { zh: `${name.zh}被拆开或移动了。`, en: `${name.en} has been opened or taken off.` },
        evidence: { readings: [{ device, kind, value, at: input.madeAt }], numbers: {} },
      },
    ],
  };
}

export const tamper: Rule<Tampered> = { name: 'tamper', initial: {}, hears: ['tamper'], step };
