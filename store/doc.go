// Package store keeps everything that Kurir must not lose, in one SQLite file.
//
// The procedure:
//
//  1. Open (store.go) takes the lock of the data folder, brings the tables up
//     to date (migrate.go) and reads back what only memory had (index.go).
//  2. The gateway recovers: Mark, OpenAfterMark, Grants, WaitingCounts and
//     their like (recover.go, spill.go) say what is open, without reading
//     history.
//  3. One goroutine calls Commit (commit.go) with a Batch (batch.go) of
//     whatever has gathered. One batch is one transaction; when Commit returns
//     nil, fsync has returned without error and everybody may be told. What it
//     says of messages is one row of the journal (journal.go); their rows are
//     written when they have come to rest (settle.go), and readers look at what
//     is pending before they look at the tables (pending.go).
//  4. Between commits the same goroutine calls Tidy (tidy.go) with a budget:
//     the index over recipients and references grows (runs.go, merge.go), what is older
//     than Retention goes (retention.go).
//  5. A goroutine of the store's own moves the write-ahead log into the
//     database (checkpoint.go), so that no commit has to.
//  6. Anybody reads at any time over a pool of connections (pool.go).
//
// The statements of the hot path stand in sqlite_hot.go. docs/store.md
// describes tables, blobs, restart and retention for people.
package store
