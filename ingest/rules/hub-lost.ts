import type { Hub } from '../../domain/hub.ts';
import { supervision } from '../../domain/hub.ts';
import {
  type Conclusion,
  type Home,
  type Input,
  NEVER_AT,
  type Outcome,
  type Relief,
  type Rule,
  without,
} from '../rule.ts';
import { connected, hubOverdueAt } from '../seen.ts';
import { clockTime, duration } from '../words.ts';

/** The hubs that are lost, with the deadline that they missed. */
type Lost = Readonly<Record<string, number>>;

function loss({ id, power }: Pick<Hub, 'id' | 'power'>, deadlineAt: number, home: Home): Conclusion {
  const heardAt = home.seen.hubs[id]?.heardAt ?? deadlineAt;
  const silence = duration(deadlineAt - heardAt);
  const last = clockTime(heardAt, home);
  return {
    category: 'hub_lost',
    about: { hubId: id, device: '' },
    occurrenceKey: `hub_lost:${id}:${deadlineAt}`,
    at: deadlineAt,
    delayMs: 0,
    sentence: {
      zh: `网关失去联系：最后一次消息在 ${last}，已 ${silence.zh}没有消息；断电或断网时，家里的报警都传不出来。`,
      en: `The hub is out of reach: last heard at ${last}, silent for ${silence.en}. Without power or network no alarm from this home can reach us.`,
    },
    evidence: {
      readings: [],
      numbers: { silenceMs: deadlineAt - heardAt, limitMs: supervision.hub[power], lastHeardAt: heardAt },
    },
  };
}

function found(id: string, missedAt: number, home: Home): Relief {
  const gone = duration(home.now - missedAt);
  return {
    category: 'hub_lost',
    about: { hubId: id, device: '' },
    at: home.now,
    sentence: { zh: `网关恢复联系（中断约 ${gone.zh}）。`, en: `The hub is back (gone for about ${gone.en}).` },
  };
}

function step(lost: Lost, input: Input, home: Home): Outcome<Lost> | null {
  const findings: Conclusion[] = [];
  const recoveries: Relief[] = [];
  let state = lost;
  let wakeAt = NEVER_AT;
  const hubs =
    input.kind === 'link' ? home.household.hubs.filter((hub) => hub.id === input.hubId) : home.household.hubs;
  for (const hub of hubs) {
    const seen = home.seen.hubs[hub.id];
    if (!seen) continue;
    const missedAt = state[hub.id];
    const deadlineAt = hubOverdueAt(seen, hub.power, home);
    if (missedAt === undefined && deadlineAt <= home.now) {
      findings.push(loss(hub, deadlineAt, home));
      state = { ...state, [hub.id]: deadlineAt };
    } else if (missedAt !== undefined && (connected(seen, home) || seen.heardAt >= missedAt)) {
      recoveries.push(found(hub.id, missedAt, home));
      state = without(state, hub.id);
    }
    if (state[hub.id] === undefined && deadlineAt > home.now) wakeAt = Math.min(wakeAt, deadlineAt);
  }
  return { state, findings, recoveries, wakeAt };
}

/** A hub's silence beyond its time: what it would report does not come. Not before it was first heard. */
export const hubLost: Rule<Lost> = { name: 'hub_lost', initial: {}, hears: [], step };
