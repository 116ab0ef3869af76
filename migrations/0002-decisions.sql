-- Documents, scores, playbooks, actions: what the program decides and does.

-- Immutable revisions of the documents managers edit; the highest revision that is live is named in live_documents.
create table documents (
  kind text not null,
  id text not null,
  revision integer not null,
  body jsonb not null,
  hash text not null,
  author text not null,
  note text,
  created_at timestamptz not null default now(),
  primary key (kind, id, revision)
);
create table live_documents (
  kind text not null,
  id text not null,
  revision integer not null,
  primary key (kind, id),
  foreign key (kind, id, revision) references documents (kind, id, revision)
);

-- The work lists of score and respond, one lean row per account.
create table account_work (
  account_id bigint primary key references accounts (id) on delete cascade,
  dirty_seq bigint not null default 1,
  scored_seq bigint not null default 0,
  -- When time alone makes a new score due: the account's next local midnight, or the end of a dwell.
  next_score_at timestamptz,
  facts_seq bigint not null default 0,
  responded_seq bigint not null default 0,
  -- The earliest due_at of the account's trigger states and runs.
  next_respond_at timestamptz,
  failures integer not null default 0,
  last_error text,
  failed_at timestamptz,
  -- A failing account waits until then, so that it never blocks a batch.
  retry_at timestamptz
) with (fillfactor = 70);
create index account_work_dirty on account_work (account_id) where dirty_seq > scored_seq;
create index account_work_score_due on account_work (next_score_at);
create index account_work_changed on account_work (account_id) where facts_seq > responded_seq;
create index account_work_respond_due on account_work (next_respond_at);

-- The last score of each local day: the newest row is the current one.
create table scores (
  account_id bigint not null,
  day date not null,
  at timestamptz not null,
  origin text not null check (origin in ('live', 'replayed')),
  model_id text not null,
  model_revision integer not null,
  score numeric(4, 1),
  band text,
  coverage real not null,
  reason text not null,
  band_memory json not null,
  drivers json not null,
  metrics json not null,
  primary key (account_id, day)
) partition by range (day);
create table scores_default partition of scores default;

-- Facts about an account that came to be: band, score, record arrived.
create table changes (
  account_id bigint not null,
  id bigint generated always as identity,
  at timestamptz not null,
  kind text not null,
  data jsonb not null,
  primary key (account_id, at, id)
) partition by range (at);
create table changes_default partition of changes default;

create table trigger_states (
  account_id bigint not null references accounts (id) on delete cascade,
  playbook_id text not null,
  -- A hash of the audience and trigger it was judged by: another one starts from a baseline again.
  trigger_key text not null,
  state text not null check (state in ('inactive', 'pending', 'firing', 'recovering')),
  since timestamptz not null,
  due_at timestamptz,
  episode integer not null default 0,
  last_fired_at timestamptz,
  -- True while the present episode was taken as it was found, silently.
  baseline boolean not null default false,
  reason text not null,
  primary key (account_id, playbook_id)
);
create index trigger_states_of_playbook on trigger_states (playbook_id);

create table runs (
  id bigint generated always as identity primary key,
  account_id bigint not null references accounts (id) on delete cascade,
  playbook_id text not null,
  episode integer not null,
  revision integer not null,
  state text not null check (state in ('active', 'done', 'stopped')),
  -- The step to come next, by its stable id; null when the run is over.
  step_id text,
  visit integer not null default 1,
  due_at timestamptz,
  reason text not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  unique (playbook_id, account_id, episode)
);
create index runs_active on runs (account_id) where state = 'active';

create table actions (
  id bigint generated always as identity primary key,
  run_id bigint not null references runs (id) on delete cascade,
  account_id bigint not null,
  playbook_id text not null,
  revision integer not null,
  step_id text not null,
  visit integer not null,
  recipient text not null,
  kind text not null check (kind in ('email', 'slack', 'task', 'webhook')),
  -- The id of the channel in channels.json; null for tasks.
  channel text,
  message jsonb not null,
  state text not null check (state in
    ('pending', 'claimed', 'sending', 'sent', 'retry', 'failed', 'unknown', 'cancelled', 'skipped')),
  reason text not null,
  attempt integer not null default 0,
  fence bigint not null default 0,
  lease_until timestamptz,
  due_at timestamptz not null,
  first_attempt_at timestamptz,
  created_at timestamptz not null,
  settled_at timestamptz,
  -- An earlier attempt ended in doubt.
  may_repeat boolean not null default false,
  -- The receiver's answer, without secrets.
  receipt jsonb,
  unique (run_id, step_id, visit, recipient)
);
create index actions_due on actions (due_at) where state in ('pending', 'retry');
create index actions_leased on actions (lease_until) where state in ('claimed', 'sending');
create index actions_of_account on actions (account_id);

-- Every attempt and every hand that touched an action.
create table action_log (
  action_id bigint not null references actions (id) on delete cascade,
  id bigint generated always as identity,
  at timestamptz not null default now(),
  attempt integer not null,
  state text not null,
  author text not null,
  reason text not null,
  primary key (action_id, id)
);

create table tasks (
  id bigint generated always as identity primary key,
  account_id bigint not null references accounts (id) on delete cascade,
  action_id bigint unique references actions (id),
  title text not null,
  body text not null default '',
  assignee text,
  due_on date,
  state text not null check (state in ('open', 'done', 'cancelled')),
  outcome text,
  created_at timestamptz not null,
  settled_at timestamptz,
  settled_by text
);
create index tasks_open on tasks (assignee, due_on) where state = 'open';

-- What a channel remembers across processes: its next free slot, and whether its receiver told us to stop.
create table channel_states (
  channel text primary key,
  next_free_at timestamptz,
  disabled_at timestamptz,
  disabled_reason text
);

-- Scheduled work: one row per (job, slot), so that no slot runs twice and none is lost silently.
create table slots (
  job text not null,
  slot timestamptz not null,
  state text not null check (state in ('running', 'done', 'skipped')),
  lease_until timestamptz,
  finished_at timestamptz,
  detail jsonb,
  primary key (job, slot)
);

create table api_tokens (
  id integer generated always as identity primary key,
  name text not null unique,
  hash text not null unique,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at timestamptz
);

create table idempotency_keys (
  token_id integer not null references api_tokens (id) on delete cascade,
  key text not null,
  request_hash text not null,
  status integer not null,
  response jsonb not null,
  created_at timestamptz not null default now(),
  primary key (token_id, key)
);
