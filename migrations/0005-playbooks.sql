-- Playbooks in full: guards, entry modes, runs that branch, end early or are held out, digests, surveys, the duties of mail.

alter table trigger_states
  -- The guard that keeps a pending episode from beginning its run; null: none does.
  add column guard text,
  -- Whether the account was in the audience when it was judged last; null: not known.
  add column in_audience boolean,
  -- How many runs the present episode has begun: more than one where the entry repeats.
  add column round integer not null default 0,
  -- The priority with which a run was last begun, or an episode taken as it was found.
  add column priority text,
  -- Of a trigger that waits for records or times: up to when they are taken, and those behind it that are.
  add column seen jsonb;
create index trigger_states_guarded on trigger_states (guard) where guard is not null;

-- After documents were applied: the account's playbooks take what they find as it is once it is scored as far as this.
alter table account_work add column quiet_seq bigint;

alter table runs drop constraint runs_playbook_id_account_id_episode_key;
alter table runs drop constraint runs_state_check;
alter table runs
  add constraint runs_state_check check (state in ('active', 'done', 'stopped', 'exited', 'reached', 'holdout')),
  add column round integer not null default 1,
  -- `trigger`, or the step of a run that called it: `call:<run>:<step>:<visit>`.
  add column cause text not null default 'trigger',
  add column priority text not null default 'warning',
  -- How many runs stand behind it, each of which brought the next about, and whose playbooks they were.
  add column depth integer not null default 0,
  add column chain text[] not null default '{}',
  -- The wait it stands in whose end is not settled: it is looked at again whenever the account is.
  add column wait_id text,
  -- When it came to where it stands: when the wait began, or when the step it stands at was due first.
  add column arrived_at timestamptz,
  add column owner_id text,
  -- It counts against the alert budget of its owner.
  add column is_alert boolean not null default false,
  -- Until when the goal counts, and when it was reached.
  add column goal_until timestamptz,
  add column goal_reached_at timestamptz;
create unique index runs_once on runs (playbook_id, account_id, episode, round, cause);
create index runs_started on runs (playbook_id, started_at);
create index runs_of_account on runs (account_id, started_at);
create index runs_of_owner on runs (owner_id, started_at) where is_alert;
create index runs_with_goal on runs (account_id) where goal_until is not null and goal_reached_at is null;

alter table actions drop constraint actions_kind_check;
alter table actions
  add constraint actions_kind_check check (kind in
    ('email', 'slack', 'task', 'webhook', 'crm-task', 'crm-field', 'field', 'stage', 'call', 'wait', 'branch', 'stop')),
  alter column run_id drop not null,
  alter column account_id drop not null,
  alter column playbook_id drop not null,
  -- Of a message that no single run sends (a digest, the question of a storm brake): what makes it one of its kind.
  add column notice_key text unique,
  add constraint actions_origin_check check ((run_id is null) = (notice_key is not null));

-- What waits to be told together: one row per receiver and window, and what it will say.
create table digests (
  id bigint generated always as identity primary key,
  channel text not null,
  -- The address of an e-mail; in a channel that many read, the id of the owner whom it is for (empty: accounts of nobody).
  recipient text not null,
  owner_id text,
  opened_at timestamptz not null,
  due_at timestamptz not null,
  closed_at timestamptz,
  action_id bigint references actions (id)
);
create unique index digests_open on digests (channel, recipient) where closed_at is null;
create index digests_due on digests (due_at) where closed_at is null;
create table digest_items (
  digest_id bigint not null references digests (id) on delete cascade,
  account_id bigint not null references accounts (id) on delete cascade,
  playbook_id text not null,
  -- `alert`: a step's message; `held`: a run that the alert budget keeps back.
  kind text not null check (kind in ('alert', 'held')),
  run_id bigint references runs (id) on delete cascade,
  reason text not null,
  -- What may be lost, in the reporting currency a year; null: not known.
  expected_loss double precision,
  at timestamptz not null,
  primary key (digest_id, account_id, playbook_id, kind)
);

-- Runs that wait for the alert budget of an owner's week (its first day).
create table alert_requests (
  playbook_id text not null,
  account_id bigint not null references accounts (id) on delete cascade,
  owner_id text not null,
  week date not null,
  -- What is ranked: a year's revenue in the reporting currency (null: not known), and the share of it that is in danger.
  revenue double precision,
  danger double precision not null,
  asked_at timestamptz not null,
  granted_at timestamptz,
  -- Where it stands.
  reason text not null default '',
  primary key (playbook_id, account_id)
);
create index alert_requests_of_owner on alert_requests (owner_id, week);

-- A playbook that is put to sleep, for one account or for all of them (null).
create table playbook_snoozes (
  id bigint generated always as identity primary key,
  playbook_id text not null,
  account_id bigint references accounts (id) on delete cascade,
  author text not null,
  reason text not null,
  created_at timestamptz not null,
  until timestamptz not null,
  ended_at timestamptz,
  ended_by text
);
create index playbook_snoozes_of on playbook_snoozes (playbook_id, until) where ended_at is null;

-- A storm brake that was pulled: the playbook begins no run until somebody decides.
create table storm_brakes (
  id bigint generated always as identity primary key,
  playbook_id text not null,
  pulled_at timestamptz not null,
  -- Runs that had begun within the sliding window, those that were to begin at once then, and the size of the audience.
  begun integer not null,
  wanted integer not null,
  audience integer not null,
  decided_at timestamptz,
  -- `go`: those that wait begin; `drop`: they are dropped.
  decision text check (decision in ('go', 'drop')),
  decided_by text
);
create unique index storm_brakes_pulled on storm_brakes (playbook_id) where decided_at is null;

-- The episodes that waited when it was decided.
create table storm_brake_episodes (
  brake_id bigint not null references storm_brakes (id) on delete cascade,
  account_id bigint not null references accounts (id) on delete cascade,
  episode integer not null,
  primary key (account_id, brake_id)
);

-- Whose turn it is, where a task goes round.
create table assignment_turns (
  playbook_id text not null,
  step_id text not null,
  turns bigint not null default 0,
  primary key (playbook_id, step_id)
);

-- Surveys that were sent, and what came back.
create table survey_requests (
  id bigint generated always as identity primary key,
  account_id bigint not null references accounts (id) on delete cascade,
  run_id bigint not null references runs (id) on delete cascade,
  step_id text not null,
  visit integer not null,
  type text not null check (type in ('nps', 'csat', 'ces')),
  -- In small letters; null once the person was erased.
  email text,
  contact text,
  question text not null,
  -- What its page says beside the question, in the question's language.
  words jsonb not null,
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  -- When that it was asked became a record: once its mail was sent.
  recorded_at timestamptz,
  answered_at timestamptz,
  score integer,
  comment text,
  unique (run_id, step_id, visit)
);
create index survey_requests_of_contact on survey_requests (email, asked_at);
create index survey_requests_unrecorded on survey_requests (id) where recorded_at is null;

-- How many mails somebody got.
create index actions_customer_mail on actions (lower(recipient), created_at)
  where kind = 'email' and message ->> 'audience' = 'customer';

-- Whoever must get no more mail of ours. In small letters; of an erased person a keyed hash.
create table mail_suppressions (
  address text primary key,
  reason text not null check (reason in ('unsubscribed', 'bounced', 'complained', 'by-hand')),
  detail text not null,
  at timestamptz not null
);

-- What was in force from when on: one row for each application of documents that changed anything.
create table document_applications (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  author text not null,
  note text,
  -- Kind, id and revision of each document in force from then on.
  live jsonb not null
);
insert into document_applications (at, author, note, live)
select max(d.created_at), (array_agg(d.author order by d.created_at desc))[1], 'in force when applications began to be kept',
  jsonb_agg(jsonb_build_object('kind', l.kind, 'id', l.id, 'revision', l.revision) order by l.kind, l.id)
from live_documents l
join documents d on d.kind = l.kind and d.id = l.id and d.revision = l.revision
having count(*) > 0;

-- What `config plan` has shown, by its token, until it is applied.
create table config_plans (
  token text primary key,
  made_at timestamptz not null,
  -- Of the documents that were planned, and of those that were in force.
  documents_hash text not null,
  revision_key text not null,
  effect jsonb not null
);
