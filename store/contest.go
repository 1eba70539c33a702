package store

import (
	"fmt"
	"maps"

	"kurir/message"
)

// What several nodes decide about - balances, limits, case numbers, repetitions -
// each of them decides in memory by what it knows, and settles in its commit:
//
//  1. The batch says what it is about (Contest). The transaction takes a lock for
//     each, so that those of other nodes that are about the same wait, and reads
//     what is there (contest_postgres.go: with BEGIN one round trip).
//  2. Contest.Settle looks at it (Found), takes out of the batch what does not hold,
//     and puts in what is to be written of the rest.
//  3. The batch is written and committed.
//
// SQLite has one writer, and needs no locks (contest_sqlite.go).

// Contest is what of a batch other nodes decide about, too.
type Contest struct {
	Balances []string         // accounts whose money it moves
	Limits   []string         // accounts on whose limits it counts
	Series   []string         // whose numbers it gives
	TopUps   []*TopUp         // it has
	Requests []IdempotencyKey // it answers; what they are answered may not be known yet
	Repeats  []uint64         // keys of what it has, as in Batch.Duplicates
	Hours    []AllowanceKey   // limits of an hour that it counts on, of kinds from 2 on, which are looked up one by one and forgotten after it
	At       int64            // Unix milliseconds by which keys have expired

	// Settle is called within Commit, again when the transaction is sent again. It may
	// change the batch. An error of it is Commit's.
	Settle func(*Found) error
}

// empty tells whether there is nothing to settle.
func (c *Contest) empty() bool {
	return c == nil || len(c.Balances)+len(c.Limits)+len(c.Series)+len(c.TopUps)+len(c.Requests)+len(c.Repeats)+len(c.Hours) == 0
}

// AllowanceKey names what is counted of a limit: of an account, what of it, and
// for which span of time.
type AllowanceKey struct {
	Account      string
	Kind, Period int
}

// Allowance is what an account has had of a limit since a time (Unix milliseconds).
type Allowance struct {
	AllowanceKey
	Since, Used int64
}

// TopUpKey names a top-up.
type TopUpKey struct{ Account, Key string }

// RequestKey names a request.
type RequestKey struct{ Account, Key string }

// Found is what the database has of a Contest, which does not change until the
// commit is over.
type Found struct {
	Balances   map[string]Balance
	Allowances map[AllowanceKey]Allowance
	Series     map[string]SeriesNumber
	TopUps     map[TopUpKey]*TopUp
	Requests   map[RequestKey]IdempotencyKey
	Repeats    map[uint64]message.ID

	store *Store
}

// settle does steps 1 and 2.
func (s *Store) settle(b *Batch) error {
	c := b.Contest
	if c.empty() {
		return nil
	}
	f := &Found{
		Balances: map[string]Balance{}, Allowances: map[AllowanceKey]Allowance{}, Series: map[string]SeriesNumber{},
		TopUps: map[TopUpKey]*TopUp{}, Requests: map[RequestKey]IdempotencyKey{}, Repeats: map[uint64]message.ID{}, store: s,
	}
	var err error
	if s.pg != nil {
		err = s.lookPostgres(c, f)
	} else {
		err = s.lookSQLite(c, f)
	}
	if err != nil {
		return fmt.Errorf("look at what other nodes have decided: %w", err)
	}
	return c.Settle(f)
}

// Counters returns the counters of some accounts in the hours (Unix hours) from
// since on and before until, as they are before this commit.
func (f *Found) Counters(accounts map[string]struct{}, since, until int64) ([]Counter, error) {
	sums := map[counterKey]int64{}
	if f.store.pg == nil {
		sums, _ = f.store.side.sums(since, until)
	}
	if err := addCounters(f.store.conn, since, until, sums); err != nil {
		return nil, fmt.Errorf("read counters: %w", err)
	}
	maps.DeleteFunc(sums, func(k counterKey, _ int64) bool { _, wanted := accounts[k.account]; return !wanted })
	return countersOf(sums), nil
}

const (
	balanceColumns   = "SELECT account, balance, charged, reserved, currency FROM balance"
	allowanceColumns = "SELECT account, kind, period, since, used FROM allowance"
	seriesColumns    = "SELECT name, period, last FROM series"
)

func (f *Found) balance(stmt *statement) {
	f.Balances[stmt.ColumnText(0)] = Balance{stmt.ColumnInt64(1), stmt.ColumnInt64(2), stmt.ColumnInt64(3), stmt.ColumnText(4)}
}

func (f *Found) allowance(stmt *statement) {
	k := AllowanceKey{stmt.ColumnText(0), stmt.ColumnInt(1), stmt.ColumnInt(2)}
	f.Allowances[k] = Allowance{k, stmt.ColumnInt64(3), stmt.ColumnInt64(4)}
}

func (f *Found) series(stmt *statement) {
	f.Series[stmt.ColumnText(0)] = SeriesNumber{stmt.ColumnText(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2)}
}

func (f *Found) topUp(stmt *statement) {
	t := readTopUp(stmt)
	f.TopUps[TopUpKey{t.Account, t.Key}] = &t
}

func (s *Store) writeAllowances(list []Allowance) error {
	stmt := s.cold.allowance
	for i := range list {
		a := &list[i]
		stmt.BindText(1, a.Account)
		stmt.BindInt64(2, int64(a.Kind))
		stmt.BindInt64(3, int64(a.Period))
		stmt.BindInt64(4, a.Since)
		stmt.BindInt64(5, a.Used)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write what %s has had of its limits: %w", a.Account, err)
		}
	}
	return nil
}
