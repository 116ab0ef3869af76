-- Sources in full: streams and their health, identities, the inbox, what is written back.

alter table streams
  -- The kinds of record it delivers; null: the one it is named after.
  add column feeds text[],
  -- When it was pulled to its end for the first time: what came before is a history.
  add column caught_up_at timestamptz,
  add column last_done_at timestamptz,
  -- An operator stopped it.
  add column paused_at timestamptz,
  -- The sweep that came to its end last: what the next one does not come upon was deleted in between.
  add column last_sweep text,
  -- The kind of trouble that an operator said is so; null again once the stream was without it.
  add column accepted_trouble text,
  -- What it delivered and could not be kept, ever; and why, the last time.
  add column rejected bigint not null default 0,
  add column last_rejection text;

-- What a stream delivered day by day (UTC): what is usual for it is judged by this.
create table stream_volumes (
  stream_id integer not null references streams (id) on delete cascade,
  day date not null,
  pages integer not null default 0,
  inputs bigint not null default 0,
  -- Of the usage among them, how much was not zero.
  usage_inputs bigint not null default 0,
  usage_nonzero bigint not null default 0,
  primary key (stream_id, day)
);

alter table stream_outages
  add column kind text not null default 'failing' check (kind in ('failing', 'late', 'empty', 'zero')),
  -- When the operator was told; null: not yet.
  add column told_at timestamptz,
  -- Said by an operator: it is so, there is nothing wrong.
  add column accepted_by text;

-- What a sweep over everything a vendor has came upon; what is missing at its end was deleted there.
create table sweep_sightings (
  stream_id integer not null references streams (id) on delete cascade,
  sweep text not null,
  kind text not null,
  external_id text not null,
  primary key (stream_id, sweep, kind, external_id)
);

-- Limits of vendors, shared by all processes. A bucket is "<source>:<name>".
create table rate_limits (
  bucket text primary key,
  next_free_at timestamptz,
  -- The vendor told us to wait.
  blocked_until timestamptz,
  reason text
);

-- A vendor's users who own accounts there: by their address they are our owners.
create table source_owners (
  source text not null,
  external_id text not null,
  email text,
  name text,
  primary key (source, external_id)
);

alter table identities
  add column made_by text not null default 'source',
  add column made_at timestamptz not null default now(),
  -- Found by our key, by a domain, by a person, or new: made by the source under a name of its own.
  add column how text not null default 'key' check (how in ('key', 'domain', 'hand', 'new')),
  -- Deleted in the source, or merged into another one there.
  add column ended_at timestamptz;

create index identities_of_account on identities (account_id);
-- By these names accounts of a source are named as parents.
create index identities_by_name on identities ((source || '-' || external_id));

-- When it was deleted in its source; null again when it came back.
alter table records add column deleted_at timestamptz;

alter table held_inputs
  -- An account of ours with this key is the one that is waited for.
  add column ids_are_keys boolean not null default true,
  -- The stream that delivered it; null: the one named usage.
  add column stream text;

alter table accounts
  -- Gone in every source that knew it, or merged: neither scored nor judged any more.
  add column archived_at timestamptz,
  add column archived_reason text,
  add column merged_into bigint references accounts (id) on delete set null;

-- Domains that sources state for accounts: an account of another source is known by them.
create table account_domains (
  domain text not null,
  account_id bigint not null references accounts (id) on delete cascade,
  source text not null,
  primary key (domain, account_id, source)
);
create index account_domains_of_account on account_domains (account_id);

-- Accounts of sources that nobody could place; what belongs to them waits in held_inputs.
create table unmatched_accounts (
  source text not null,
  external_id text not null,
  name text,
  domains text[] not null default '{}',
  -- Our key, as the vendor's own field has it.
  our_key text,
  reason text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  -- The source's ids are our keys.
  ids_are_keys boolean not null default false,
  -- A person took it off an account: only a person places it again.
  by_hand boolean not null default false,
  -- A person said that it is none of ours.
  dismissed_by text,
  primary key (source, external_id)
);

-- Which account a user of a tracked product belongs to.
create table source_users (
  source text not null,
  user_id text not null,
  account text not null,
  at timestamptz not null,
  primary key (source, user_id)
);

-- Verified inbound bodies, stored before they are answered.
create table inbox (
  id bigint generated always as identity primary key,
  source text not null,
  dedupe_key text not null,
  received_at timestamptz not null default now(),
  -- The vendor's own time, where it gives one.
  occurred_at timestamptz,
  body text not null,
  state text not null default 'pending' check (state in ('pending', 'done', 'ignored', 'failed')),
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  reason text,
  settled_at timestamptz,
  unique (source, dedupe_key)
);
create index inbox_pending on inbox (due_at, id) where state = 'pending';
create index inbox_failed on inbox (id) where state = 'failed';
create index inbox_received on inbox (received_at);

-- Deliveries that were refused, counted by the hour: nobody can fill the database with them.
create table inbox_refusals (
  source text not null,
  reason text not null,
  hour timestamptz not null,
  deliveries bigint not null,
  last_at timestamptz not null,
  primary key (source, reason, hour)
);

-- True while facts that the trigger names are held because their source fails.
alter table trigger_states add column held boolean not null default false;

alter table actions drop constraint actions_kind_check;
alter table actions add constraint actions_kind_check check (kind in ('email', 'slack', 'task', 'webhook', 'crm-task'));

alter table tasks
  -- The source it is synced to, and its id there.
  add column synced_to text,
  add column synced_id text;

-- Scores and bands as they stand in fields of a CRM: what is wanted there, and what was written last.
create table crm_fields (
  source text not null,
  account_id bigint not null references accounts (id) on delete cascade,
  wanted jsonb not null,
  written jsonb,
  state text not null check (state in ('pending', 'retry', 'written', 'failed')),
  attempt integer not null default 0,
  fence bigint not null default 0,
  lease_until timestamptz,
  due_at timestamptz not null,
  reason text,
  written_at timestamptz,
  primary key (source, account_id)
);
create index crm_fields_due on crm_fields (due_at) where state in ('pending', 'retry');
