import type { ColumnType, Generated } from "kysely";
import type { BandMemory, Confidence, LifecycleState } from "../scoring/history.ts";
import type { PackedDriver, PackedMetrics } from "./scores/packing.ts";

/** A day, `YYYY-MM-DD`. */
type Day = string;
/** Reads as a Date, takes a Date or an ISO string. */
type Moment = ColumnType<Date, Date | string, Date | string>;
type NullableMoment = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
/** Parsed by the driver on reading; written as JSON text. */
type Json<T> = ColumnType<T, string, string>;

interface Accounts {
  id: Generated<number>;
  key: string;
  name: string;
  owner: string | null;
  segment: string | null;
  stage: string | null;
  zone: string | null;
  parentId: number | null;
  parentKey: string | null;
  firstSeenAt: Generated<Date>;
  archivedAt: NullableMoment;
  archivedReason: string | null;
  mergedInto: number | null;
}

interface Identities {
  source: string;
  externalId: string;
  accountId: number;
  madeBy: Generated<string>;
  madeAt: Generated<Date>;
  how: Generated<"key" | "domain" | "hand" | "new">;
  endedAt: NullableMoment;
}

interface Streams {
  id: Generated<number>;
  source: string;
  kind: string;
  cursor: ColumnType<unknown, string | null | undefined, string | null>;
  nextPullAt: NullableMoment;
  leaseUntil: NullableMoment;
  fence: Generated<number>;
  lastOkAt: NullableMoment;
  lastError: string | null;
  firstFailedAt: NullableMoment;
  feeds: string[] | null;
  caughtUpAt: NullableMoment;
  lastDoneAt: NullableMoment;
  pausedAt: NullableMoment;
  lastSweep: string | null;
  acceptedTrouble: string | null;
  rejected: Generated<number>;
  lastRejection: string | null;
}

interface StreamCoverage {
  streamId: number;
  throughDay: Day;
  recordedAt: Moment;
  backfilled: Generated<boolean>;
}

interface StreamOutages {
  streamId: number;
  beganAt: Moment;
  endedAt: NullableMoment;
  reason: string;
  kind: Generated<"failing" | "late" | "empty" | "zero">;
  toldAt: NullableMoment;
  acceptedBy: string | null;
}

interface Records {
  id: Generated<number>;
  kind: string;
  source: string;
  externalId: string;
  accountId: number;
  deletedAt: NullableMoment;
}

interface RecordChanges {
  accountId: number;
  recordId: number;
  occurredAt: Moment;
  recordedAt: Moment;
  kind: string;
  backfilled: Generated<boolean>;
  set: Json<Record<string, unknown>>;
}

interface UsageNames {
  id: Generated<number>;
  name: string;
  streamId: number | null;
}

interface UsageDaily {
  accountId: number;
  nameId: number;
  day: Day;
  value: number;
  recordedAt: Moment;
  backfilled: Generated<boolean>;
}

interface UsageSuperseded {
  accountId: number;
  nameId: number;
  day: Day;
  value: number;
  recordedAt: Moment;
}

interface UsageEvents {
  accountId: number;
  key: string;
  nameId: number;
  day: Day;
  value: number;
  recordedAt: Moment;
  backfilled: Generated<boolean>;
}

interface UsageUsers {
  accountId: number;
  nameId: number;
  day: Day;
  userHash: number;
  recordedAt: Moment;
  backfilled: Generated<boolean>;
}

interface HeldInputs {
  id: Generated<number>;
  source: string;
  account: string;
  input: Json<unknown>;
  recordedAt: Moment;
  backfilled: Generated<boolean>;
  hash: string;
  idsAreKeys: Generated<boolean>;
  stream: string | null;
}

interface Documents {
  kind: string;
  id: string;
  revision: number;
  body: Json<unknown>;
  hash: string;
  author: string;
  note: string | null;
  createdAt: Generated<Date>;
}

interface LiveDocuments {
  kind: string;
  id: string;
  revision: number;
}

interface DocumentApplications {
  id: Generated<number>;
  at: Moment;
  author: string;
  note: string | null;
  live: Json<readonly { readonly kind: string; readonly id: string; readonly revision: number }[]>;
}

interface ConfigPlans {
  token: string;
  madeAt: Moment;
  documentsHash: string;
  revisionKey: string;
  effect: Json<unknown>;
}

interface AccountWork {
  accountId: number;
  dirtySeq: Generated<number>;
  scoredSeq: Generated<number>;
  nextScoreAt: NullableMoment;
  factsSeq: Generated<number>;
  respondedSeq: Generated<number>;
  nextRespondAt: NullableMoment;
  failures: Generated<number>;
  lastError: string | null;
  failedAt: NullableMoment;
  retryAt: NullableMoment;
  rollsUp: Generated<boolean>;
  quietSeq: number | null;
}

interface Scores {
  accountId: number;
  day: Day;
  at: Moment;
  origin: "live" | "replayed";
  modelId: string;
  modelRevision: number;
  score: number | null;
  band: string | null;
  coverage: number;
  reason: string;
  bandMemory: Json<BandMemory>;
  drivers: Json<readonly PackedDriver[]>;
  metrics: Json<PackedMetrics>;
  modelReason: string | null;
  computed: number | null;
  suggestedBand: string | null;
  confidence: ColumnType<Confidence | null, string | null | undefined, string | null>;
  lifecycle: ColumnType<LifecycleState | null, string | null | undefined, string | null>;
}

interface MilestonesReached {
  accountId: number;
  milestoneId: string;
  reachedAt: Moment;
  recordedAt: Moment;
  by: "condition" | "event" | "hand";
}

interface Changes {
  accountId: number;
  id: Generated<number>;
  at: Moment;
  kind: string;
  data: Json<Record<string, unknown>>;
}

interface TriggerStates {
  accountId: number;
  playbookId: string;
  triggerKey: string;
  state: "inactive" | "pending" | "firing" | "recovering";
  since: Moment;
  dueAt: NullableMoment;
  episode: Generated<number>;
  lastFiredAt: NullableMoment;
  baseline: Generated<boolean>;
  reason: string;
  occasion: string | null;
  held: Generated<boolean>;
  guard: string | null;
  inAudience: boolean | null;
  round: Generated<number>;
  priority: Priority | null;
  seen: Json<{ readonly floor: number; readonly taken: readonly string[] }> | null;
}

type Priority = "info" | "warning" | "escalation";

/** `exited` and `reached`: ended early by the playbook's exit or goal; `holdout`: nothing is done in it. */
export type RunState = "active" | "done" | "stopped" | "exited" | "reached" | "holdout";

interface Runs {
  id: Generated<number>;
  accountId: number;
  playbookId: string;
  episode: number;
  revision: number;
  state: RunState;
  stepId: string | null;
  visit: Generated<number>;
  dueAt: NullableMoment;
  reason: string;
  startedAt: Moment;
  finishedAt: NullableMoment;
  round: Generated<number>;
  cause: Generated<string>;
  priority: Generated<Priority>;
  depth: Generated<number>;
  chain: Generated<string[]>;
  waitId: string | null;
  arrivedAt: NullableMoment;
  ownerId: string | null;
  isAlert: Generated<boolean>;
  goalUntil: NullableMoment;
  goalReachedAt: NullableMoment;
}

export type ActionState =
  | "pending"
  | "claimed"
  | "sending"
  | "sent"
  | "retry"
  | "failed"
  | "unknown"
  | "cancelled"
  | "skipped";

/** What an action does. */
export type ActionKind =
  | "email"
  | "slack"
  | "task"
  | "webhook"
  | "crm-task"
  | "crm-field"
  | "field"
  | "stage"
  | "call"
  | "wait"
  | "branch"
  | "stop";

interface Actions {
  id: Generated<number>;
  /** Null: of a message that no single run sends, as its `noticeKey` says. */
  runId: number | null;
  accountId: number | null;
  playbookId: string | null;
  noticeKey: string | null;
  revision: number;
  stepId: string;
  visit: number;
  recipient: string;
  kind: ActionKind;
  channel: string | null;
  message: Json<unknown>;
  state: ActionState;
  reason: string;
  attempt: Generated<number>;
  fence: Generated<number>;
  leaseUntil: NullableMoment;
  dueAt: Moment;
  firstAttemptAt: NullableMoment;
  createdAt: Moment;
  settledAt: NullableMoment;
  mayRepeat: Generated<boolean>;
  receipt: ColumnType<unknown, string | null | undefined, string | null>;
}

interface ActionLog {
  actionId: number;
  id: Generated<number>;
  at: Generated<Date>;
  attempt: number;
  state: string;
  author: string;
  reason: string;
}

interface Tasks {
  id: Generated<number>;
  accountId: number;
  actionId: number | null;
  title: string;
  body: Generated<string>;
  assignee: string | null;
  dueOn: Day | null;
  state: "open" | "done" | "cancelled";
  outcome: string | null;
  createdAt: Moment;
  settledAt: NullableMoment;
  settledBy: string | null;
  asOwner: Generated<boolean>;
  snoozedUntil: NullableMoment;
  createdBy: string | null;
  syncedTo: string | null;
  syncedId: string | null;
}

interface Audit {
  id: Generated<number>;
  at: Moment;
  author: string;
  via: "cli" | "api" | "keepwell";
  deed: string;
  accountId: number | null;
  subject: string | null;
  data: Json<Record<string, unknown>>;
}

interface Verdicts {
  runId: number;
  author: string;
  verdict: "useful" | "noise" | "wrong";
  note: string | null;
  at: Moment;
}

interface Erasures {
  hash: string;
  kind: string;
  erasedAt: Moment;
  author: string;
}

interface Installation {
  key: string;
  value: string;
}

interface ChannelStates {
  channel: string;
  nextFreeAt: NullableMoment;
  disabledAt: NullableMoment;
  disabledReason: string | null;
}

interface Slots {
  job: string;
  slot: Moment;
  state: "running" | "done" | "skipped";
  leaseUntil: NullableMoment;
  finishedAt: NullableMoment;
  detail: ColumnType<unknown, string | null | undefined, string | null>;
}

interface ApiTokens {
  id: Generated<number>;
  name: string;
  hash: string;
  scopes: string[];
  createdAt: Generated<Date>;
  lastUsedAt: NullableMoment;
  revokedAt: NullableMoment;
}

interface IdempotencyKeys {
  tokenId: number;
  key: string;
  requestHash: string;
  status: number;
  response: Json<unknown>;
  createdAt: Generated<Date>;
}

interface StreamVolumes {
  streamId: number;
  day: Day;
  pages: Generated<number>;
  inputs: Generated<number>;
  usageInputs: Generated<number>;
  usageNonzero: Generated<number>;
}

interface SweepSightings {
  streamId: number;
  sweep: string;
  kind: string;
  externalId: string;
}

interface RateLimits {
  bucket: string;
  nextFreeAt: NullableMoment;
  blockedUntil: NullableMoment;
  reason: string | null;
}

interface SourceOwners {
  source: string;
  externalId: string;
  email: string | null;
  name: string | null;
}

interface AccountDomains {
  domain: string;
  accountId: number;
  source: string;
}

interface UnmatchedAccounts {
  source: string;
  externalId: string;
  name: string | null;
  domains: Generated<string[]>;
  ourKey: string | null;
  reason: string;
  firstSeenAt: Moment;
  lastSeenAt: Moment;
  idsAreKeys: Generated<boolean>;
  byHand: Generated<boolean>;
  dismissedBy: string | null;
}

interface SourceUsers {
  source: string;
  userId: string;
  account: string;
  at: Moment;
}

interface Inbox {
  id: Generated<number>;
  source: string;
  dedupeKey: string;
  receivedAt: Generated<Date>;
  occurredAt: NullableMoment;
  body: string;
  state: Generated<"pending" | "done" | "ignored" | "failed">;
  attempts: Generated<number>;
  dueAt: Generated<Date>;
  reason: string | null;
  settledAt: NullableMoment;
}

interface InboxRefusals {
  source: string;
  reason: string;
  hour: Moment;
  deliveries: number;
  lastAt: Moment;
}

interface CrmFields {
  source: string;
  accountId: number;
  wanted: Json<Record<string, unknown>>;
  written: Json<Record<string, unknown>> | null;
  state: "pending" | "retry" | "written" | "failed";
  attempt: Generated<number>;
  fence: Generated<number>;
  leaseUntil: NullableMoment;
  dueAt: Moment;
  reason: string | null;
  writtenAt: NullableMoment;
}

interface Digests {
  id: Generated<number>;
  channel: string;
  recipient: string;
  ownerId: string | null;
  openedAt: Moment;
  dueAt: Moment;
  closedAt: NullableMoment;
  actionId: number | null;
}

interface DigestItems {
  digestId: number;
  accountId: number;
  playbookId: string;
  kind: "alert" | "held";
  runId: number | null;
  reason: string;
  expectedLoss: number | null;
  at: Moment;
}

interface AlertRequests {
  playbookId: string;
  accountId: number;
  ownerId: string;
  week: Day;
  revenue: number | null;
  danger: number;
  askedAt: Moment;
  grantedAt: NullableMoment;
  reason: Generated<string>;
}

interface PlaybookSnoozes {
  id: Generated<number>;
  playbookId: string;
  accountId: number | null;
  author: string;
  reason: string;
  createdAt: Moment;
  until: Moment;
  endedAt: NullableMoment;
  endedBy: string | null;
}

interface StormBrakes {
  id: Generated<number>;
  playbookId: string;
  pulledAt: Moment;
  begun: number;
  wanted: number;
  audience: number;
  decidedAt: NullableMoment;
  decision: "go" | "drop" | null;
  decidedBy: string | null;
}

interface StormBrakeEpisodes {
  brakeId: number;
  accountId: number;
  episode: number;
}

interface AssignmentTurns {
  playbookId: string;
  stepId: string;
  turns: Generated<number>;
}

interface SurveyRequests {
  id: Generated<number>;
  accountId: number;
  runId: number;
  stepId: string;
  visit: number;
  type: "nps" | "csat" | "ces";
  email: string | null;
  contact: string | null;
  question: string;
  words: Json<unknown>;
  askedAt: Moment;
  expiresAt: Moment;
  recordedAt: NullableMoment;
  answeredAt: NullableMoment;
  score: number | null;
  comment: string | null;
}

interface MailSuppressions {
  address: string;
  reason: "unsubscribed" | "bounced" | "complained" | "by-hand";
  detail: string;
  at: Moment;
}

/** Our tables as Kysely sees them, in camelCase. The migrations are the truth. */
export interface Schema {
  accounts: Accounts;
  identities: Identities;
  streams: Streams;
  streamCoverage: StreamCoverage;
  streamOutages: StreamOutages;
  usageUsers: UsageUsers;
  milestonesReached: MilestonesReached;
  audit: Audit;
  verdicts: Verdicts;
  erasures: Erasures;
  installation: Installation;
  records: Records;
  recordChanges: RecordChanges;
  usageNames: UsageNames;
  usageDaily: UsageDaily;
  usageSuperseded: UsageSuperseded;
  usageEvents: UsageEvents;
  heldInputs: HeldInputs;
  documents: Documents;
  liveDocuments: LiveDocuments;
  documentApplications: DocumentApplications;
  configPlans: ConfigPlans;
  accountWork: AccountWork;
  scores: Scores;
  changes: Changes;
  triggerStates: TriggerStates;
  runs: Runs;
  actions: Actions;
  actionLog: ActionLog;
  tasks: Tasks;
  channelStates: ChannelStates;
  slots: Slots;
  apiTokens: ApiTokens;
  idempotencyKeys: IdempotencyKeys;
  streamVolumes: StreamVolumes;
  sweepSightings: SweepSightings;
  rateLimits: RateLimits;
  sourceOwners: SourceOwners;
  accountDomains: AccountDomains;
  unmatchedAccounts: UnmatchedAccounts;
  sourceUsers: SourceUsers;
  inbox: Inbox;
  inboxRefusals: InboxRefusals;
  crmFields: CrmFields;
  digests: Digests;
  digestItems: DigestItems;
  alertRequests: AlertRequests;
  playbookSnoozes: PlaybookSnoozes;
  stormBrakes: StormBrakes;
  stormBrakeEpisodes: StormBrakeEpisodes;
  assignmentTurns: AssignmentTurns;
  surveyRequests: SurveyRequests;
  mailSuppressions: MailSuppressions;
}
