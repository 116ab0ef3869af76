-- The ground: accounts, their records, their daily usage, and what each stream has covered.

create table accounts (
  id bigint generated always as identity primary key,
  key text not null unique,
  -- The values in force now, kept for lists and joins; the truth is in record_changes.
  name text not null,
  owner text,
  segment text,
  stage text,
  zone text,
  first_seen_at timestamptz not null default now()
);

-- A vendor's id for one of our accounts.
create table identities (
  source text not null,
  external_id text not null,
  account_id bigint not null references accounts (id) on delete cascade,
  primary key (source, external_id)
);

-- One row per kind of record of a source.
create table streams (
  id integer generated always as identity primary key,
  source text not null,
  kind text not null,
  cursor jsonb,
  next_pull_at timestamptz,
  lease_until timestamptz,
  fence bigint not null default 0,
  last_ok_at timestamptz,
  last_error text,
  unique (source, kind)
);

-- "All days up to through_day are delivered": within what is covered a missing usage day is zero.
create table stream_coverage (
  stream_id integer not null references streams (id) on delete cascade,
  through_day date not null,
  recorded_at timestamptz not null,
  backfilled boolean not null default false,
  primary key (stream_id, recorded_at, through_day)
);

create table records (
  id bigint generated always as identity primary key,
  kind text not null,
  source text not null,
  external_id text not null,
  account_id bigint not null references accounts (id) on delete cascade,
  unique (kind, source, external_id)
);
create index records_of_account on records (account_id);

-- What mutates, each change at its own time. A record as of t is the fold of its changes with both times <= t.
create table record_changes (
  account_id bigint not null,
  record_id bigint not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  kind text not null,
  backfilled boolean not null default false,
  set json not null,
  primary key (account_id, record_id, occurred_at, recorded_at)
);

create table usage_names (
  id integer generated always as identity primary key,
  name text not null unique,
  -- The stream that delivers it: its coverage says up to which day silence is zero.
  stream_id integer references streams (id)
);

-- Partitions by month are made by the store before it writes; the default one catches the rest.
create table usage_daily (
  account_id bigint not null,
  name_id integer not null,
  day date not null,
  value double precision not null,
  recorded_at timestamptz not null,
  backfilled boolean not null default false,
  primary key (account_id, name_id, day)
) partition by range (day);
create table usage_daily_default partition of usage_daily default;

-- The older versions of corrected days, read only for past moments.
create table usage_superseded (
  account_id bigint not null,
  name_id integer not null,
  day date not null,
  value double precision not null,
  recorded_at timestamptz not null,
  primary key (account_id, name_id, day, recorded_at)
);

-- Raw usage events, for dedupe: key is a hash of the event's id, or of its content where it has none.
create table usage_events (
  account_id bigint not null,
  key uuid not null,
  name_id integer not null,
  day date not null,
  value double precision not null,
  recorded_at timestamptz not null,
  -- Part of an imported history: kept for ever, so that the same file imported again counts nothing twice.
  backfilled boolean not null default false,
  primary key (account_id, key)
);
-- An id that comes again under another account is found by this.
create index usage_events_key on usage_events (key);

-- Inputs whose account is not known yet; applied when it comes.
create table held_inputs (
  id bigint generated always as identity primary key,
  source text not null,
  account text not null,
  input jsonb not null,
  recorded_at timestamptz not null,
  backfilled boolean not null default false,
  hash uuid not null,
  unique (source, account, hash)
);
