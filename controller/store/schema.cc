#include "controller/store/schema.h"

#include "absl/strings/str_cat.h"
#include "proto/shared/check.h"
#include "proto/shared/log.h"

namespace crosscall::store {
namespace {

// "xcal": tells our files from those of other programs.
constexpr std::int64_t kApplicationId = 0x7863616c;

// Times are nanoseconds since 1970, 0 for "not yet". Enumerations are the numbers of the protos. Trials of a sweep are
// inserted in run order, so that their ids ascend with their position.
constexpr char kVersion1[] = R"sql(
CREATE TABLE boards (
  name TEXT PRIMARY KEY,
  state INTEGER NOT NULL,
  state_reason TEXT NOT NULL,
  description BLOB NOT NULL,
  incarnation TEXT NOT NULL,
  boot TEXT NOT NULL,
  last_seen INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE sessions (
  board TEXT NOT NULL REFERENCES boards (name),
  incarnation TEXT NOT NULL,
  boot TEXT NOT NULL,
  open_time INTEGER NOT NULL,
  close_time INTEGER NOT NULL,
  PRIMARY KEY (board, incarnation)
) WITHOUT ROWID;
CREATE TABLE sweeps (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  request_id TEXT UNIQUE,
  spec BLOB NOT NULL,
  state INTEGER NOT NULL,
  state_reason TEXT NOT NULL,
  end_cause INTEGER NOT NULL,
  progress BLOB NOT NULL,
  coverage REAL NOT NULL,
  create_time INTEGER NOT NULL,
  start_time INTEGER NOT NULL,
  end_time INTEGER NOT NULL,
  expire_time INTEGER NOT NULL
);
CREATE INDEX sweeps_open ON sweeps (number) WHERE end_time = 0;
CREATE TABLE trials (
  id INTEGER PRIMARY KEY,
  sweep INTEGER NOT NULL REFERENCES sweeps (number),
  position INTEGER NOT NULL,
  name TEXT NOT NULL UNIQUE,
  board TEXT NOT NULL REFERENCES boards (name),
  scenario TEXT NOT NULL,
  implementation TEXT NOT NULL,
  target_system INTEGER NOT NULL,
  spec BLOB NOT NULL,
  repetition INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempt_count INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  state_reason TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  end_time INTEGER NOT NULL,
  UNIQUE (sweep, position)
);
CREATE TABLE attempts (
  trial INTEGER NOT NULL REFERENCES trials (id),
  attempt INTEGER NOT NULL CHECK (attempt > 0),
  board TEXT NOT NULL REFERENCES boards (name),
  incarnation TEXT NOT NULL,
  lease_state TEXT NOT NULL,
  outcome INTEGER NOT NULL,
  cause TEXT NOT NULL,
  grant_time INTEGER NOT NULL,
  expire_time INTEGER NOT NULL,
  end_time INTEGER NOT NULL,
  PRIMARY KEY (trial, attempt)
) WITHOUT ROWID;
CREATE INDEX attempts_open ON attempts (trial) WHERE end_time = 0;
CREATE TRIGGER attempts_outcome_once BEFORE UPDATE OF outcome ON attempts
  WHEN OLD.outcome <> 0 AND NEW.outcome <> OLD.outcome
  BEGIN SELECT RAISE(ABORT, 'the outcome of an attempt is written once'); END;
CREATE TABLE results (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  trial INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  evidence INTEGER NOT NULL,
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  outcome INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  p50 INTEGER NOT NULL,
  p99 INTEGER NOT NULL,
  p999 INTEGER NOT NULL,
  max INTEGER NOT NULL,
  commit_time INTEGER NOT NULL,
  payload BLOB NOT NULL,
  FOREIGN KEY (trial, attempt) REFERENCES attempts (trial, attempt),
  UNIQUE (trial, attempt, sha256)
);
CREATE UNIQUE INDEX results_own ON results (trial, attempt) WHERE evidence = 0;
CREATE TRIGGER results_never_change BEFORE UPDATE ON results
  BEGIN SELECT RAISE(ABORT, 'results are immutable'); END;
CREATE TRIGGER results_never_vanish BEFORE DELETE ON results
  BEGIN SELECT RAISE(ABORT, 'results are immutable'); END;
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX events_subject ON events (subject, id);
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
  BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
)sql";

// Start-up and lists of hangs must not read tables that grow with history: what they need is kept beside it.
constexpr char kVersion2[] = R"sql(
CREATE TABLE hangs (
  result INTEGER PRIMARY KEY REFERENCES results (id),
  sweep INTEGER NOT NULL REFERENCES sweeps (number)
);
CREATE INDEX hangs_sweep ON hangs (sweep, result);
INSERT INTO hangs (result, sweep)
  SELECT r.id, t.sweep FROM results r JOIN trials t ON t.id = r.trial WHERE r.evidence = 0 AND r.outcome = 2;
CREATE TABLE tallies (
  board TEXT NOT NULL,
  implementation TEXT NOT NULL,
  outcome INTEGER NOT NULL,
  count INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  PRIMARY KEY (board, implementation, outcome)
) WITHOUT ROWID;
INSERT INTO tallies (board, implementation, outcome, count, last_time)
  SELECT a.board, t.implementation, a.outcome, count(*), max(a.end_time)
  FROM attempts a JOIN trials t ON t.id = a.trial WHERE a.outcome <> 0 GROUP BY a.board, t.implementation, a.outcome;
CREATE TABLE latencies (
  board TEXT NOT NULL,
  scenario TEXT NOT NULL,
  implementation TEXT NOT NULL,
  target_system INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  p50 INTEGER NOT NULL,
  p99 INTEGER NOT NULL,
  p999 INTEGER NOT NULL,
  max INTEGER NOT NULL,
  commit_time INTEGER NOT NULL,
  PRIMARY KEY (board, scenario, implementation, target_system)
) WITHOUT ROWID;
INSERT OR REPLACE INTO latencies
    (board, scenario, implementation, target_system, calls, p50, p99, p999, max, commit_time)
  SELECT t.board, t.scenario, t.implementation, t.target_system, r.calls, r.p50, r.p99, r.p999, r.max, r.commit_time
  FROM results r JOIN trials t ON t.id = r.trial WHERE r.evidence = 0 AND r.outcome = 1 ORDER BY r.id;
)sql";

// Explorations that say why a point hangs, by that point. Before this version there were no explorations.
constexpr char kVersion3[] = R"sql(
CREATE TABLE convictions (
  result INTEGER PRIMARY KEY REFERENCES results (id),
  scenario TEXT NOT NULL,
  implementation TEXT NOT NULL
);
CREATE INDEX convictions_point ON convictions (scenario, implementation, result);
)sql";

// Schedules, and what became of each of their nominal times: the key lets no nominal time have two firings, whoever
// starts when. Removed schedules stay for their firings' sake. Sweeps of before are ad hoc (1) and nobody's.
constexpr char kVersion4[] = R"sql(
CREATE TABLE schedules (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  definition BLOB NOT NULL,
  paused INTEGER NOT NULL,
  state_reason TEXT NOT NULL,
  decided_until INTEGER NOT NULL,
  next_time INTEGER NOT NULL,
  remove_time INTEGER NOT NULL
);
CREATE UNIQUE INDEX schedules_kept ON schedules (name) WHERE remove_time = 0;
CREATE TABLE firings (
  schedule INTEGER NOT NULL REFERENCES schedules (number),
  nominal_time INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  sweep TEXT NOT NULL,
  reason TEXT NOT NULL,
  decide_time INTEGER NOT NULL,
  manual INTEGER NOT NULL,
  PRIMARY KEY (schedule, nominal_time)
) WITHOUT ROWID;
CREATE TRIGGER firings_never_change BEFORE UPDATE ON firings
  BEGIN SELECT RAISE(ABORT, 'a firing is decided once'); END;
ALTER TABLE sweeps ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
ALTER TABLE sweeps ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE sweeps ADD COLUMN schedule TEXT NOT NULL DEFAULT '';
ALTER TABLE sweeps ADD COLUMN nominal_time INTEGER NOT NULL DEFAULT 0;
)sql";

// What the lab says of boards, and what is kept of their past. A board of an older version has no health trial behind
// it: one is due.
constexpr char kVersion5[] = R"sql(
ALTER TABLE boards ADD COLUMN record BLOB NOT NULL DEFAULT x'';
)sql";

// Who may take part, and who changed what. A token is known by its hash only; the audit log is never changed.
constexpr char kVersion6[] = R"sql(
CREATE TABLE join_tokens (
  sha256 TEXT PRIMARY KEY,
  identity TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  expire_time INTEGER NOT NULL,
  end_time INTEGER NOT NULL,
  end_cause TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX join_tokens_open ON join_tokens (identity) WHERE end_time = 0;
CREATE TABLE certificates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  serial TEXT NOT NULL UNIQUE,
  identity TEXT NOT NULL,
  key_sha256 TEXT NOT NULL UNIQUE,
  issue_time INTEGER NOT NULL,
  expire_time INTEGER NOT NULL,
  revoke_time INTEGER NOT NULL,
  revoke_reason TEXT NOT NULL
);
CREATE INDEX certificates_identity ON certificates (identity) WHERE revoke_time = 0;
CREATE INDEX certificates_revoked ON certificates (expire_time) WHERE revoke_time <> 0;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  actor TEXT NOT NULL,
  serial TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL,
  address TEXT NOT NULL
);
CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_never_vanishes BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
)sql";

// What operators may do beyond their role; those of before have no such right. Payloads stand apart from results, which
// never change: retention takes from a payload once (settled: it has looked), and counts what it took.
constexpr char kVersion7[] = R"sql(
ALTER TABLE join_tokens ADD COLUMN rights TEXT NOT NULL DEFAULT '';
ALTER TABLE certificates ADD COLUMN rights TEXT NOT NULL DEFAULT '';
CREATE TABLE payloads (
  result INTEGER PRIMARY KEY REFERENCES results (id),
  evidence INTEGER NOT NULL,
  commit_time INTEGER NOT NULL,
  settled INTEGER NOT NULL,
  remove_time INTEGER NOT NULL,
  payload BLOB NOT NULL
);
INSERT INTO payloads (result, evidence, commit_time, settled, remove_time, payload)
  SELECT id, evidence, commit_time, 0, 0, payload FROM results;
ALTER TABLE results DROP COLUMN payload;
CREATE INDEX payloads_by_age ON payloads (evidence, commit_time) WHERE settled = 0;
CREATE TRIGGER payloads_shrink_once BEFORE UPDATE ON payloads
  WHEN OLD.settled <> 0 OR NEW.settled <> 1 OR NEW.result <> OLD.result OR NEW.evidence <> OLD.evidence
    OR NEW.commit_time <> OLD.commit_time OR (NEW.remove_time = 0 AND NEW.payload <> OLD.payload)
    OR (NEW.remove_time <> 0 AND length(NEW.payload) >= length(OLD.payload))
  BEGIN SELECT RAISE(ABORT, 'a payload only loses what retention takes, once'); END;
CREATE TRIGGER payloads_never_vanish BEFORE DELETE ON payloads
  BEGIN SELECT RAISE(ABORT, 'a payload only loses what retention takes, once'); END;
CREATE TABLE removals (
  kind TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  last_time INTEGER NOT NULL
) WITHOUT ROWID;
)sql";

// No table changes, but what is in them: a trial may be DIAGNOSING, its attempt open after its lease, and an outcome
// WEDGED. A controller of before would take that for damage; the number keeps it away.
constexpr char kVersion8[] = "";

// What is shown of the past and must not be counted anew at each start: what became of schedules, uploads (of those
// before, results are known, refusals are not), and how long calls took (of those before, the boards' models are not
// known). `counts` are numbers by bucket, not cumulative, with spaces between.
constexpr char kVersion9[] = R"sql(
ALTER TABLE schedules ADD COLUMN record BLOB NOT NULL DEFAULT x'';
CREATE TABLE counts (
  name TEXT PRIMARY KEY,
  count INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counts (name, count) SELECT 'results_received', count(*) FROM results WHERE outcome NOT IN (6, 7);
CREATE TABLE call_latencies (
  model TEXT NOT NULL,
  scenario TEXT NOT NULL,
  target_system INTEGER NOT NULL,
  implementation TEXT NOT NULL,
  counts TEXT NOT NULL,
  sum_seconds REAL NOT NULL,
  PRIMARY KEY (model, scenario, target_system, implementation)
) WITHOUT ROWID;
)sql";

// Which crosscall version a sweep runs on a board, from its first lease there on. Sweeps that are open at the migration
// are pinned by their next lease.
constexpr char kVersion10[] = R"sql(
CREATE TABLE pins (
  sweep INTEGER NOT NULL REFERENCES sweeps (number),
  board TEXT NOT NULL REFERENCES boards (name),
  version TEXT NOT NULL,
  PRIMARY KEY (sweep, board)
) WITHOUT ROWID;
CREATE TRIGGER pins_never_change BEFORE UPDATE ON pins
  BEGIN SELECT RAISE(ABORT, 'a sweep is pinned once on each board'); END;
)sql";

constexpr const char* kMigrations[] = {kVersion1, kVersion2, kVersion3, kVersion4, kVersion5,
                                       kVersion6, kVersion7, kVersion8, kVersion9, kVersion10};
static_assert(sizeof(kMigrations) / sizeof(kMigrations[0]) == kSchemaVersion);

absl::Status CheckOwner(Connection& connection, std::int64_t version) {
  absl::StatusOr<std::int64_t> owner = connection.Number("PRAGMA application_id");
  if (!owner.ok()) return owner.status();
  absl::StatusOr<std::int64_t> tables = connection.Number("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  if (*owner == kApplicationId || (*tables == 0 && version == 0)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "store: crosscall.db in the state folder is not a crosscall database; choose another --state-dir");
}

// The file's version, 0 for an empty file; one that this release may open.
absl::StatusOr<std::int64_t> KnownVersion(Connection& connection) {
  absl::StatusOr<std::int64_t> version = connection.Number("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (absl::Status status = CheckOwner(connection, *version); !status.ok()) return status;
  if (*version <= kSchemaVersion) return version;
  return absl::FailedPreconditionError(absl::StrCat(
      "store: the state folder has schema ", *version, ", this controller (", CROSSCALL_VERSION, ") knows up to ",
      kSchemaVersion, "; run the newer controller that wrote it, or choose another --state-dir; nothing was changed"));
}

}  // namespace

const char* MigrationSql(int version) {
  CROSSCALL_CHECK(version >= 1 && version <= kSchemaVersion, "there is no such migration");
  return kMigrations[version - 1];
}

absl::Status CheckSchema(Connection& connection) {
  absl::StatusOr<std::int64_t> version = KnownVersion(connection);
  if (!version.ok()) return version.status();
  if (*version == kSchemaVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("store: it has schema ", *version, ", this release checks ",
                                                    kSchemaVersion,
                                                    "; use the release that wrote it, or start its controller with "
                                                    "this one, which migrates it"));
}

absl::Status Migrate(Connection& connection) {
  absl::StatusOr<std::int64_t> version = KnownVersion(connection);
  if (!version.ok()) return version.status();
  if (*version == kSchemaVersion) return absl::OkStatus();
  if (*version > 0) {
    shared::LogInfo("store", absl::StrCat("migrating the schema from ", *version, " to ", kSchemaVersion));
  }
  std::string script = "BEGIN IMMEDIATE;";
  for (int next = static_cast<int>(*version) + 1; next <= kSchemaVersion; ++next) script += MigrationSql(next);
  absl::StrAppend(&script, "PRAGMA application_id = ", kApplicationId, "; PRAGMA user_version = ", kSchemaVersion,
                  "; COMMIT;");
  absl::Status status = connection.Execute(script);
  if (!status.ok() && connection.InTransaction()) {
    // The first error is the one to tell.
    connection.Execute("ROLLBACK").IgnoreError();
  }
  return status;
}

}  // namespace crosscall::store
