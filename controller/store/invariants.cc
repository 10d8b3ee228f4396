#include "controller/store/invariants.h"

#include "absl/strings/str_cat.h"
#include "controller/store/for_each.h"
#include "controller/store/row_reader.h"

namespace crosscall::store {
namespace {

// `sql` yields one text for each row that breaks the rule.
struct Rule {
  const char* says;
  const char* sql;
};

// States, outcomes: the numbers of trial.proto, sweep.proto and result.proto. Findings are outcomes 1 to 4 (COMPLETED,
// HUNG, CRASHED, REFUSED) and 7 (WEDGED), 5 is INVALID and 6 LOST. A trial that is open is 1, 2 or 7 (DIAGNOSING).
static_assert(v1::OUTCOME_COMPLETED == 1 && v1::OUTCOME_HUNG == 2 && v1::OUTCOME_CRASHED == 3 &&
              v1::OUTCOME_REFUSED == 4 && v1::OUTCOME_INVALID == 5 && v1::OUTCOME_LOST == 6 && v1::OUTCOME_WEDGED == 7);
static_assert(v1::Trial::STATE_PENDING == 1 && v1::Trial::STATE_RUNNING == 2 && v1::Trial::STATE_FINISHED == 3 &&
              v1::Trial::STATE_DIAGNOSING == 7);
static_assert(v1::Firing::KIND_RUN == 1);

constexpr Rule kRules[] = {
    {"a board has one live lease at the most",
     "SELECT board || ' has ' || count(*) FROM attempts WHERE lease_state IN ('pending', 'active', 'revoking')"
     " GROUP BY board HAVING count(*) > 1"},
    {"an open attempt is the last one of a running trial",
     "SELECT t.name || ' attempt ' || a.attempt FROM attempts a JOIN trials t ON t.id = a.trial"
     " WHERE a.end_time = 0 AND (t.state NOT IN (2, 7) OR t.attempt_count <> a.attempt)"},
    {"a running trial has an open attempt",
     "SELECT name FROM trials t WHERE state IN (2, 7) AND NOT EXISTS"
     " (SELECT 1 FROM attempts a WHERE a.trial = t.id AND a.attempt = t.attempt_count AND a.end_time = 0)"},
    {"a trial is diagnosed when its lease has ended",
     "SELECT t.name FROM trials t JOIN attempts a ON a.trial = t.id AND a.attempt = t.attempt_count"
     " WHERE t.state = 7 AND a.lease_state IN ('pending', 'active', 'revoking')"},
    {"attempts count from 1 without gaps",
     "SELECT t.name FROM trials t LEFT JOIN attempts a ON a.trial = t.id GROUP BY t.id"
     " HAVING count(a.attempt) <> t.attempt_count OR coalesce(max(a.attempt), 0) <> t.attempt_count"},
    {"a trial has an end time when it has ended, and only then",
     "SELECT name FROM trials WHERE (state NOT IN (1, 2, 7)) <> (end_time <> 0)"},
    {"a finished trial has the finding of its last attempt",
     "SELECT t.name FROM trials t JOIN attempts a ON a.trial = t.id AND a.attempt = t.attempt_count"
     " WHERE t.state = 3 AND (a.outcome <> t.outcome OR a.outcome NOT IN (1, 2, 3, 4, 7))"},
    {"what an agent said of an attempt, or a diagnosis found, is in the attempt's own result",
     "SELECT t.name || ' attempt ' || a.attempt FROM attempts a JOIN trials t ON t.id = a.trial"
     " LEFT JOIN results r ON r.trial = a.trial AND r.attempt = a.attempt AND r.evidence = 0"
     " WHERE (a.outcome IN (1, 2, 3, 4, 5, 7)) <> (r.id IS NOT NULL) OR r.outcome <> a.outcome"},
    {"a sweep that has ended has no open trial",
     "SELECT s.name FROM sweeps s WHERE s.end_time <> 0 AND EXISTS"
     " (SELECT 1 FROM trials t WHERE t.sweep = s.number AND t.end_time = 0)"},
    {"a board has one open session, that of its incarnation",
     "SELECT b.name FROM boards b WHERE b.incarnation <> '' AND 1 <> (SELECT count(*) FROM sessions s"
     " WHERE s.board = b.name AND s.close_time = 0) UNION ALL"
     " SELECT b.name FROM boards b JOIN sessions s ON s.board = b.name AND s.close_time = 0"
     " WHERE s.incarnation <> b.incarnation"},
    {"a firing has a sweep if it ran, and else a reason",
     "SELECT 'firing ' || schedule || ' of ' || nominal_time FROM firings"
     " WHERE (kind = 1) <> (sweep <> '') OR (kind <> 1 AND reason = '')"},
    {"every hang and wedge is in the index of hangs, and nothing else",
     "SELECT 'result ' || id FROM results WHERE evidence = 0 AND outcome IN (2, 7)"
     " AND id NOT IN (SELECT result FROM hangs)"
     " UNION ALL SELECT 'result ' || h.result FROM hangs h JOIN results r ON r.id = h.result"
     " WHERE r.evidence <> 0 OR r.outcome NOT IN (2, 7)"},
    {"every result has its payload, of its kind and time",
     "SELECT 'result ' || r.id FROM results r LEFT JOIN payloads p ON p.result = r.id"
     " WHERE p.result IS NULL OR p.evidence <> r.evidence OR p.commit_time <> r.commit_time"},
    {"what retention removed is gone, and only that",
     "SELECT 'result ' || result FROM payloads WHERE (remove_time <> 0 AND settled = 0)"
     " OR (remove_time <> 0 AND evidence = 1 AND length(payload) <> 0)"},
    {"what retention removed from payloads is counted",
     "SELECT counted.kind FROM (SELECT 0 AS evidence, 'histograms' AS kind UNION ALL SELECT 1, 'evidence') counted"
     " WHERE (SELECT count(*) FROM payloads p WHERE p.evidence = counted.evidence AND p.remove_time <> 0)"
     " <> coalesce((SELECT count FROM removals r WHERE r.kind = counted.kind), 0)"},
};

// Of all rows that `sql` yields, those of which `wrong` says something: at most `limit` of them, then how many more.
template <class Wrong>
absl::Status Collect(Connection& connection, const std::string& sql, std::size_t limit, const std::string& rule,
                     std::vector<std::string>& problems, Wrong wrong) {
  std::size_t found = 0;
  absl::Status status = ForEach(connection, sql, [&](const Statement& row) {
    const std::string problem = wrong(row);
    if (!problem.empty() && ++found <= limit) problems.push_back(absl::StrCat(row.Bytes(0), problem));
    return absl::OkStatus();
  });
  if (found > limit) problems.push_back(absl::StrCat(found - limit, " more break: ", rule));
  return status;
}

absl::Status Apply(Connection& connection, const Rule& rule, std::size_t limit, std::vector<std::string>& problems) {
  return Collect(connection, rule.sql, limit, rule.says, problems,
                 [&rule](const Statement&) { return absl::StrCat(" breaks: ", rule.says); });
}

// `sql`'s first column names a row; `read` reads the rest of it.
template <class Read>
absl::Status Parse(Connection& connection, const std::string& sql, std::size_t limit,
                   std::vector<std::string>& problems, Read read) {
  return Collect(connection, sql, limit, "every message can be read", problems, [&read](const Statement& row) {
    const absl::Status status = read(row);
    return status.ok() ? std::string() : absl::StrCat(": ", status.message());
  });
}

// Every message in the store can be read.
absl::Status ParseAll(Connection& connection, std::size_t limit, std::vector<std::string>& problems) {
  absl::Status status = Parse(connection, "SELECT name, description FROM boards", limit, problems, [](const auto& row) {
    v1::BoardDescription description;
    return row.Parse(1, description);
  });
  if (!status.ok()) return status;
  status = Parse(connection, absl::StrCat("SELECT s.name, ", kSweepColumns, " FROM sweeps s"), limit, problems,
                 [](const auto& row) { return ReadSweep(row, 1).status(); });
  if (!status.ok()) return status;
  status = Parse(connection, absl::StrCat("SELECT t.name, ", kTrialColumns, " FROM trials t"), limit, problems,
                 [](const auto& row) { return ReadTrial(row, 1).status(); });
  if (!status.ok()) return status;
  status = Parse(connection, absl::StrCat("SELECT c.name, ", kScheduleColumns, " FROM schedules c"), limit, problems,
                 [](const auto& row) { return ReadSchedule(row, 1).status(); });
  if (!status.ok()) return status;
  return Parse(connection, "SELECT 'result ' || result, payload, remove_time FROM payloads", limit, problems,
               [](const auto& row) {
                 v1::TrialResult result;
                 absl::Status parsed = row.Parse(1, result);
                 if (parsed.ok() && row.Int(2) != 0 && result.has_latency()) {
                   return absl::DataLossError("retention has removed its histograms, and it has one");
                 }
                 return parsed;
               });
}

}  // namespace

absl::Status FindProblems(Connection& connection, std::size_t limit, std::vector<std::string>& problems) {
  for (const Rule& rule : kRules) {
    if (absl::Status status = Apply(connection, rule, limit, problems); !status.ok()) return status;
  }
  return ParseAll(connection, limit, problems);
}

}  // namespace crosscall::store
