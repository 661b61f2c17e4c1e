import type { Kysely, Transaction } from 'kysely';
import type { AlertEventKind, AlertState, Disposition } from '../domain/alert.ts';
import type { Category, Priority } from '../domain/category.ts';
import type { AreaKind, HouseholdMode } from '../domain/household.ts';
import type { DeviceClass, Ecosystem } from '../domain/hub.ts';
import type { Delivery, NoticeState, VerdictReason } from '../domain/notice.ts';
import type { Audience, ChannelName } from '../domain/plan.ts';
import type { ReadingKind } from '../domain/reading.ts';
import type { Role } from '../domain/user.ts';

/** Columns as both engines give them back: times as ms, JSON as text, truth as 0 or 1. */
export type Tables = {
  area: { id: string; kind: AreaKind; parent_id: string | null; name: string };
  household: {
    id: string;
    station_id: string;
    name: string;
    address: string;
    latitude: number | null;
    longitude: number | null;
    access: string;
    mode: HouseholdMode;
    settings: string;
    plans: string;
    /** As store/partition.ts deals it out. */
    slot: number;
    /** Grows with every change of the household or what belongs to it, from the counter `registry`. */
    revision: number;
  };
  resident: {
    id: string;
    household_id: string;
    name: string;
    birth_year: number | null;
    sex: string;
    notes: string;
    limits: string;
  };
  contact: { id: string; household_id: string; name: string; relation: string; phone: string; rank: number };
  pause: { id: string; household_id: string; kind: string; from_at: number; to_at: number; reason: string };
  hub: {
    id: string;
    household_id: string;
    client_id: string;
    ecosystem: Ecosystem;
    power: 'mains' | 'battery';
    created_at: number;
    revision: number;
  };
  hub_key: { hub_id: string; hash: string; created_at: number };
  hub_catalogue: { hub_id: string; catalogue: string };
  hub_now: { hub_id: string; household_id: string; connected: number; last_heard_at: number };
  alarm_state: { hub_id: string; device: string; kind: ReadingKind; active: number; at: number };
  device: {
    household_id: string;
    hub_id: string;
    key: string;
    name: string;
    room: string;
    class: DeviceClass;
  };
  latest: { household_id: string; hub_id: string; device: string; kind: ReadingKind; value: number; at: number };
  segment: { stream: string; first: number; count: number; at: number; packets: Uint8Array };
  unreadable: {
    hub_id: string;
    topic: string;
    reason: string;
    count: number;
    first_at: number;
    last_at: number;
    sample: string;
  };
  turn: { processor: string; number: number; at: number; watching_since: number; links_since: number; cut: string };
  checkpoint: { processor: string; turn: number };
  household_state: { household_id: string; processor: string; turn: number; state: string };
  rollup: {
    household_id: string;
    hub_id: string;
    device: string;
    kind: ReadingKind;
    size: number;
    at: number;
    n: number;
    sum: number;
    min: number;
    max: number;
    /** As store/minutes.ts writes them. */
    minutes: string;
  };
  reading: {
    household_id: string;
    hub_id: string;
    device: string;
    kind: ReadingKind;
    value: number;
    at: number;
    position: string;
  };
  alert: {
    id: string;
    household_id: string;
    category: Category;
    subject: string;
    priority: Priority;
    state: AlertState;
    version: number;
    occurrence_version: number;
    rule: string;
    sentence: string;
    evidence: string;
    plan: string;
    step: number;
    round: number;
    occurrences: number;
    happened_at: number;
    raised_at: number;
    delay_ms: number;
    last_occurrence_at: number;
    next_due: number | null;
    taken_at: number | null;
    taken_by: string | null;
    attended_at: number | null;
    closed_at: number | null;
    disposition: Disposition | null;
  };
  alert_event: {
    alert_id: string;
    version: number;
    household_id: string;
    kind: AlertEventKind;
    at: number;
    by_user: string | null;
    text: string;
    said: string | null;
  };
  occurrence: {
    household_id: string;
    key: string;
    alert_id: string;
    at: number;
    delay_ms: number;
    text: string;
  };
  notice: {
    id: string;
    alert_id: string;
    household_id: string;
    step: number;
    round: number;
    audience: Audience;
    channel: ChannelName;
    fallback: string;
    state: NoticeState;
    reason: VerdictReason | null;
    attempts: number;
    created_at: number;
    next_attempt_at: number;
    lease: string | null;
    delivered_at: number | null;
  };
  delivery: {
    id: string;
    notice_id: string;
    alert_id: string;
    household_id: string;
    channel: ChannelName;
    destination: string;
    attempted_at: number;
    outcome: Delivery['outcome'];
    reason: VerdictReason;
    answer: string;
  };
  webhook: { id: string; area_id: string; audience: Audience; url: string; secret: string; created_at: number };
  user_account: {
    id: string;
    login: string;
    name: string;
    role: Role;
    area_id: string | null;
    household_id: string | null;
    password_hash: string | null;
    created_at: number;
  };
  login_link: { token_hash: string; user_id: string; expires_at: number };
  session: { token_hash: string; user_id: string; created_at: number; expires_at: number };
  look: { user_id: string; household_id: string; what: string; at: number };
  counter: { name: string; value: number };
  beat: { role: string; instance: string; at: number };
  /** Who works on what exists once. `fence` grows with every owner, `renewal` with every sign of life. */
  lease: { name: string; owner: string; fence: number; renewal: number };
  /** Which front end holds a hub's connection; `left_front_end` held the one before and has yet to cut it. */
  hub_link: { hub_id: string; front_end: string; epoch: number; left_front_end: string | null };
  /** What is to be said to a hub on its down-link. */
  command: {
    id: string;
    hub_id: string;
    household_id: string;
    topic: string;
    payload: string;
    asked_by: string | null;
    created_at: number;
    expires_at: number;
    state: 'waiting' | 'sent' | 'expired';
    sent_at: number | null;
  };
};

export type Db = Kysely<Tables> | Transaction<Tables>;
export type Engine = 'sqlite' | 'postgres';
