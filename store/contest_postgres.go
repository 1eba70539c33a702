package store

import (
	"hash/fnv"
	"slices"

	"kurir/message"
)

// Locks of a contest are advisory ones, and not on rows: what is not there yet can
// be locked, too, nothing is written for a lock, and all kinds have one order, so
// that no two nodes wait for each other. Names share so many of them, so that a batch
// never holds more.
const (
	lockAccount = iota + 1
	lockSeries
	lockRequest
	lockRepeat

	lockBase   = 0x4b75 << 48 // apart from the numbers of others
	lockPlaces = 1024
	keyPlaces  = 64 // of requests and repeats, of which a batch may have thousands
)

// lockOf is the number of a lock.
func lockOf(kind int64, place uint64) int64 { return lockBase | kind<<32 | int64(place) }

func namePlace(name string) uint64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return uint64(h.Sum32()) % lockPlaces
}

// locks are those that a contest needs, in the order in which all take them.
func (c *Contest) locks() []int64 {
	var list []int64
	for _, names := range [...][]string{c.Balances, c.Limits} {
		for _, name := range names {
			list = append(list, lockOf(lockAccount, namePlace(name)))
		}
	}
	for _, t := range c.TopUps {
		list = append(list, lockOf(lockAccount, namePlace(t.Account)))
	}
	for i := range c.Hours {
		list = append(list, lockOf(lockAccount, namePlace(c.Hours[i].Account)))
	}
	for _, name := range c.Series {
		list = append(list, lockOf(lockSeries, namePlace(name)))
	}
	for i := range c.Requests {
		id := keyIDOf(c.Requests[i].Account, c.Requests[i].Key)
		list = append(list, lockOf(lockRequest, id.hash()%keyPlaces))
	}
	for _, k := range c.Repeats {
		list = append(list, lockOf(lockRepeat, k%keyPlaces))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// lookPostgres locks and reads what a contest is about. Each statement sees what
// was committed before the locks were taken.
func (s *Store) lookPostgres(c *Contest, f *Found) error {
	tx := s.conn.pg.tx
	ask := func(row func(*statement), text string, args ...columnArray) {
		g := &rowGroup{stmt: newPostgresStatement(s.conn, text), row: row}
		for i := range args {
			octets, oid := args[i].array.value(args[i].kind, args[i].n)
			g.single, g.types = append(g.single, octets), append(g.types, oid)
		}
		tx.groups = append(tx.groups, g)
	}
	ask(nil, "SELECT count(pg_advisory_xact_lock(k)) FROM unnest(?) AS k", numbersArray(c.locks()))
	if len(c.Balances) > 0 {
		ask(f.balance, balanceColumns+" WHERE account = ANY(?)", textsArray(c.Balances))
	}
	if len(c.Limits) > 0 {
		ask(f.allowance, allowanceColumns+" WHERE account = ANY(?) AND kind < 2", textsArray(c.Limits))
	}
	if len(c.Hours) > 0 {
		accounts, kinds, periods := make([]string, len(c.Hours)), make([]int64, len(c.Hours)), make([]int64, len(c.Hours))
		for i, k := range c.Hours {
			accounts[i], kinds[i], periods[i] = k.Account, int64(k.Kind), int64(k.Period)
		}
		ask(f.allowance, allowanceColumns+" WHERE (account, kind, period) IN (SELECT * FROM unnest(?, ?, ?))", textsArray(accounts), numbersArray(kinds), numbersArray(periods))
	}
	if len(c.Series) > 0 {
		ask(f.series, seriesColumns+" WHERE name = ANY(?)", textsArray(c.Series))
	}
	if len(c.TopUps) > 0 {
		accounts, keys := make([]string, len(c.TopUps)), make([]string, len(c.TopUps))
		for i, t := range c.TopUps {
			accounts[i], keys[i] = t.Account, t.Key
		}
		ask(f.topUp, "SELECT account, key, at, amount, balance, by, note FROM top_up WHERE (account, key) IN (SELECT * FROM unnest(?, ?))", textsArray(accounts), textsArray(keys))
	}
	if len(c.Requests) > 0 {
		s.askRequests(c, f, ask)
	}
	if len(c.Repeats) > 0 {
		keys := make([]int64, len(c.Repeats))
		for i, k := range c.Repeats {
			keys[i] = int64(k)
		}
		ask(func(stmt *statement) { f.Repeats[uint64(stmt.ColumnInt64(0))] = message.ID(stmt.ColumnInt64(1)) },
			"SELECT key, id FROM duplicate WHERE key = ANY(?) AND expires > ALL(?)", numbersArray(keys), numbersArray([]int64{c.At}))
	}
	return tx.flush(false)
}

// askRequests asks for the requests of a contest.
func (s *Store) askRequests(c *Contest, f *Found, ask func(func(*statement), string, ...columnArray)) {
	ids := columnArray{kind: 'b', n: len(c.Requests)}
	names := make(map[keyID]RequestKey, len(c.Requests))
	for i := range c.Requests {
		k := &c.Requests[i]
		id := keyIDOf(k.Account, k.Key)
		names[id] = RequestKey{k.Account, k.Key}
		ids.array.add(id[:])
	}
	ask(func(stmt *statement) {
		var id keyID
		stmt.ColumnBytes(0, id[:])
		k := IdempotencyKey{Account: names[id].Account, Key: names[id].Key, Expires: stmt.ColumnInt64(3), Answer: make([]byte, stmt.ColumnLen(2))}
		stmt.ColumnBytes(1, k.Request[:])
		stmt.ColumnBytes(2, k.Answer)
		f.Requests[names[id]] = k
	}, "SELECT key, request, answer, expires FROM idempotency WHERE key = ANY(?) AND expires > ALL(?)", ids, numbersArray([]int64{c.At}))
}

// columnArray is an array as an argument.
type columnArray struct {
	kind  byte
	n     int
	array array
}

func textsArray(list []string) columnArray {
	a := columnArray{kind: 't', n: len(list)}
	for _, v := range list {
		if !plain(v) {
			v = escape(v)
		}
		a.array.add([]byte(v))
	}
	return a
}

func numbersArray(list []int64) columnArray {
	a := columnArray{kind: 'i', n: len(list)}
	var v [8]byte
	for _, n := range list {
		putInt64(v[:], n)
		a.array.add(v[:])
	}
	return a
}
