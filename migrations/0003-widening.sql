-- Lifecycle, overrides, confidence, outages, users, and what people do by hand.

alter table accounts
  add column parent_id bigint references accounts (id) on delete set null,
  -- The parent as the account's record names it; parent_id follows when that account comes.
  add column parent_key text;
create index accounts_of_parent on accounts (parent_id) where parent_id is not null;
create index accounts_awaiting_parent on accounts (parent_key) where parent_id is null and parent_key is not null;

-- True while the account's parent has not been told of its newest score.
alter table account_work add column rolls_up boolean not null default false;
create index account_work_rolls_up on account_work (account_id) where rolls_up;

-- When the failures in a row began; null after a success.
alter table streams add column first_failed_at timestamptz;

-- When a stream failed: the measures it feeds are held meanwhile, also in replays.
create table stream_outages (
  stream_id integer not null references streams (id) on delete cascade,
  began_at timestamptz not null,
  -- Null while it goes on.
  ended_at timestamptz,
  reason text not null,
  primary key (stream_id, began_at)
);
create unique index stream_outages_open on stream_outages (stream_id) where ended_at is null;

-- Who used what on which day; user_hash is of the id a source gives.
create table usage_users (
  account_id bigint not null,
  name_id integer not null,
  day date not null,
  user_hash bigint not null,
  recorded_at timestamptz not null,
  backfilled boolean not null default false,
  primary key (account_id, name_id, day, user_hash)
) partition by range (day);
create table usage_users_default partition of usage_users default;

alter table scores
  add column model_reason text,
  -- The score without an override.
  add column computed numeric(4, 1),
  add column suggested_band text,
  add column confidence json,
  -- Stage and milestones as judged with this score; the next judgement remembers them.
  add column lifecycle json;

-- Each milestone once per account for ever.
create table milestones_reached (
  account_id bigint not null references accounts (id) on delete cascade,
  milestone_id text not null,
  reached_at timestamptz not null,
  recorded_at timestamptz not null,
  by text not null check (by in ('condition', 'event', 'hand')),
  primary key (account_id, milestone_id)
);

alter table tasks
  -- Given to whoever owns the account, so that it moves when the owner changes.
  add column as_owner boolean not null default false,
  add column snoozed_until timestamptz,
  -- Null: a playbook.
  add column created_by text;

create index tasks_as_owner on tasks (account_id) where as_owner and state = 'open';

-- What an episode is about where another one may follow without a pause: the period that ends, the owner who came.
alter table trigger_states add column occasion text;

-- Who did what by hand, and through which door.
create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  author text not null,
  via text not null check (via in ('cli', 'api', 'keepwell')),
  -- What was done, such as "override.set".
  deed text not null,
  account_id bigint,
  -- The thing it was done to, such as a task's id.
  subject text,
  data jsonb not null
);
create index audit_of_account on audit (account_id, id) where account_id is not null;

-- What a person thinks of an alert: counted per playbook.
create table verdicts (
  run_id bigint not null references runs (id) on delete cascade,
  author text not null,
  verdict text not null check (verdict in ('useful', 'noise', 'wrong')),
  note text,
  at timestamptz not null,
  primary key (run_id, author)
);

-- Keyed hashes of persons who were erased: what comes in about them again is dropped.
create table erasures (
  hash text primary key,
  kind text not null,
  erased_at timestamptz not null,
  author text not null
);

-- Facts about this installation, such as the key of the hashes above where the operator gives none.
create table installation (
  key text primary key,
  value text not null
);
