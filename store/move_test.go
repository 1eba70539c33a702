package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"kurir/alarm"
	"kurir/directory"
	"kurir/message"
	"kurir/pgtest"
)

func quietLog() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// fillEverything commits something of every kind, over several days and commits, and leaves some of it to the journal.
func fillEverything(t *testing.T, s *Store, messages int) {
	t.Helper()
	ids := message.NewIDs(0, 0)
	now := time.Now()
	at := func(i int) message.ID {
		return ids.Next(now.Add(time.Duration(i-messages) * 5 * 24 * time.Hour / time.Duration(messages)))
	}
	b := &Batch{
		Config: 3, ConfigText: []byte("routes"), Counters: []Counter{{Hour: 5, Account: "acme", Link: "op1", What: "accepted", N: 7}, {Hour: 5, Account: "acme", Link: "op1", What: TallyFinal.What("7:0:24001"), N: 7}},
		Spans: []Span{{Kind: SpanLink, Name: "op1", Node: 1, Since: 1, Until: 2, State: SpanUp}},
		Money: []MoneyEntry{{Account: "acme", Currency: "EUR", Charged: 3, Reserved: 4, Balance: -7}}, Allowances: []Allowance{{AllowanceKey{"acme", 1, 2}, 8, 9}}, Warned: []Warned{{Account: "acme", Below: 5}},
		TopUps:      []*TopUp{{Account: "acme", Key: "k", At: 1, Amount: -5, Balance: 7, By: "root", Note: "n"}},
		ListEntries: []ListEntry{{List: "l", Entry: "+46", At: 4, By: "root", Note: "n"}},
		Networks:    []Network{{Prefix: "4670", Code: "24001", Name: "n", Country: "SE"}},
		Series:      []SeriesNumber{{Name: "case", Period: 2026, Last: 9}},
		Alarms:      []alarm.Event{{ID: at(0), Kind: "link", Subject: "op1", Text: "down", Began: now}},
		Rekey: &Rekey{Audit: Audit{Number: 2, At: 3, Who: "kurir", Kind: "secrets", Name: "key", Action: "encrypt"}, Key: "0123456789abcdef", All: []Resource{
			{Kind: "accounts", Name: "acme", Position: 1, Body: []byte(`{"webhook_secret":"kurir-secret:1:0123456789abcdef:AAAA"}`), Revision: 1},
		}},
		Resources: []ResourceChange{{Audit: Audit{Number: 1, At: 2, Who: "root", Kind: "accounts", Name: "acme", Action: "create", Accounts: []string{"acme"}, Fields: []string{"a", "b"}, Data: `{"after":{"a":1}}`}, Put: []Resource{{Kind: "accounts", Name: "acme", Position: 1, Body: []byte("{}"), Revision: 1}}}},
		People: []*PeopleChange{{
			Contacts: []*Contact{{Owned: Owned{ID: 1, Account: "acme"}, Contact: directory.Contact{
				Name: "Örjan", Mobile: "+46701234567", Addresses: []directory.ContactAddress{{Kind: directory.MailAddress, Address: "o@x.se", Label: "home"}}, Usual: "o@x.se",
			}}},
			Groups:    []*Group{{Owned: Owned{ID: 2, Account: "acme"}, Group: directory.Group{Name: "all"}}},
			Members:   []GroupMembers{{Group: 2, Members: []directory.Member{{Kind: directory.ContactRecipient, ID: 1}, {To: "+46709999999"}}}},
			Templates: []*Template{{Owned: Owned{ID: 3, Account: "acme"}, Template: directory.Template{Name: "due", Text: "x"}}},
			Mailings:  []*Mailing{{ID: 4, Account: "acme", By: "root", State: "running", Request: []byte{1, 0, 2}, Node: 2}},
		}},
		Escalations:   []Escalation{{ID: 5, Account: "acme", Rota: "ward", Node: 2, Changed: 7, Acked: 9, AckedBy: "46701", Request: []byte{1, 0}, Body: []byte("{}")}},
		Talks:         []Talk{{Account: "acme", Number: "+46701234567", ID: 9}},
		EventAccounts: []EventAccount{{Account: "acme", Floor: 1, Used: 5}},
		Duplicates:    []DuplicateKey{{Key: 1 << 63, ID: 5, Expires: 9}},
		Granted:       []Grant{{Number: 7, Link: "op1", Session: 3, At: 5, IDs: []message.ID{1, 2}}},
		Held:          []HeldReport{{Number: 4, Report: message.Report{OperatorID: "x"}}},
		Parts:         []InboundPart{{ID: 77, Key: "k\x00", Number: 1, Total: 2, Part: &message.Inbound{Content: message.Content{Text: "half"}}}},
		OpenAdd:       []Outstanding{{Key: 1<<64 - 1, ID: 7, Deadline: 5}},
		MailAdd:       []Mail{{Node: 1, Data: []byte("mail")}},
		MissingAdd:    []Missing{{At: 5, ID: 7, Hop: 1}},
		Dead:          []DeadLetter{{DeadKey: DeadKey{ID: 7, Index: 1}, State: message.Delivered, Account: "acme", Kind: message.WebhookTarget, Address: "https://h", Text: "busy"}},
	}
	fillPeople(t, s)
	for i := range 6 {
		b.OptOuts = append(b.OptOuts, &OptOut{Account: "acme", Phone: "46701234567", In: i%2 == 1, At: int64(100 - i), Text: "STOP"})
	}
	for i := range 600 {
		k := IdempotencyKey{Account: "acme", Key: fmt.Sprint("key", i), Answer: []byte(fmt.Sprint("answer", i)), Expires: now.UnixMilli() + int64(i%3)*3_600_000 - 60_000}
		k.Request[3] = byte(i)
		b.Idempotency = append(b.Idempotency, k)
	}
	position := at(0)
	for i := range messages {
		m := &message.Message{
			ID: at(i), Account: "acme", To: message.Address{TON: message.TONInternational, Number: fmt.Sprint("4670", i)}, Links: []string{"op1", "op2"}, Reference: fmt.Sprint("ref", i%7),
			Content: message.Content{Text: "Grüße, 世界 \U0001f600", Class: -1}, Progress: message.Progress{State: message.Queued},
		}
		switch i % 5 {
		case 0:
			m.Content.Text = "a zero \x00, what is no UTF-8 \xff\xc3, and \uFDD0"
			b.WaitingAdd = append(b.WaitingAdd, Waiting{Link: "op1", Priority: message.Normal, Account: "acme", ID: m.ID, Expires: 9})
		case 1:
			m.State, m.Final, m.Log = message.Delivered, 5, bytes.Repeat([]byte{1}, i)
		case 2:
			m.State, m.Final, m.Owed = message.Delivered, 5, true
			b.OwedAdd = append(b.OwedAdd, Owed{Queue: "webhook\x00acme", Due: int64(i), ID: m.ID})
		case 3:
			m.State, m.Content.Text, m.Content.Data = message.Scheduled, "", []byte{0, 255}
			b.DueAdd = append(b.DueAdd, Due{ID: m.ID, At: int64(i)})
		}
		b.Accepted = append(b.Accepted, m)
		b.Events = append(b.Events, Event{Position: position, Account: "acme", ID: m.ID, State: message.Enroute, At: 7})
		position++
		b.Inbound = append(b.Inbound, &message.Inbound{ID: at(i), Account: "acme", Link: "op1", Content: message.Content{Text: "hi"}, Series: "case", Case: fmt.Sprint("A-", i)})
		if i%100 == 99 || i == messages-1 {
			b.Mark = m.ID
			slices.SortFunc(b.Accepted, func(a, b *message.Message) int { return cmp.Compare(a.ID, b.ID) })
			if err := s.Commit(b); err != nil {
				t.Fatal(err)
			}
			b = &Batch{}
		}
	}
}

// fillPeople writes a row of each table of those who sign in.
func fillPeople(t *testing.T, s *Store) {
	t.Helper()
	_, err := s.PutSecondFactor(&SecondFactor{Person: "anna", Secret: "s", Since: 1, Step: 2, Codes: []byte{0, 1}, Failed: 3, Tried: 4})
	for _, err := range []error{
		err,
		s.BeginSession(&WebSession{Hash: []byte{1, 0}, Person: "anna", Mark: []byte{2}, Addr: "::1", Agent: "x", Began: 3, Seen: 4}, SessionLimits{Most: 2}),
		s.PutLink(&SigninLink{Hash: []byte{3}, Kind: "invite", Person: "eva", Mark: []byte{0}, Until: 9}, 1, 5),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// dump reads all of a table by the statements of the store, sorted.
func dump(t *testing.T, c *conn, p *movePlan, where string) []string {
	t.Helper()
	if where == "" {
		where = "1 = 1"
	}
	if p.name == "share" { // opening it has begun a new term
		p.columns = []column{{"node", 'i'}, {"mark", 'i'}}
	}
	var list []string
	err := query(c, fmt.Sprintf("SELECT %s FROM %s WHERE %s", p.names(), p.name, where), nil, func(stmt *statement) (bool, error) {
		var row strings.Builder
		var d rowDecoder
		for i, col := range p.columns {
			switch {
			case stmt.ColumnIsNull(i):
				row.WriteString("NULL ")
			case col.kind == 'i':
				fmt.Fprintf(&row, "%d ", stmt.ColumnInt64(i))
			case col.kind == 't':
				fmt.Fprintf(&row, "%q ", stmt.ColumnText(i))
			default:
				v := d.blob(stmt, i)
				if p.name == "progress" {
					v = v[:withoutPadding(col.name, v)]
				}
				fmt.Fprintf(&row, "%x ", v)
			}
		}
		list = append(list, row.String())
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// sourceDump is what of a data folder ought to stand in PostgreSQL.
func sourceDump(t *testing.T, dir string) map[string][]string {
	t.Helper()
	s, err := Open(context.Background(), Options{Path: dir, Log: quietLog(), moving: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tables, err := s.sqliteTables()
	if err != nil {
		t.Fatal(err)
	}
	dumps := map[string][]string{}
	for _, p := range tables {
		if slices.Contains(staysBehind(), p.name) || p.name == "idempotency" {
			continue
		}
		dumps[p.name] = dump(t, s.conn, p, moveSpecials(0)[p.name].where)
		if len(dumps[p.name]) == 0 {
			t.Errorf("table %s is empty in the source: fillEverything has to fill it", p.name)
		}
	}
	return dumps
}

// checkMoved compares a target with what its source had, and opens it.
func checkMoved(t *testing.T, url string, want map[string][]string) *Store {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, Options{Database: url, Log: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	target := &moveTarget{Store: s}
	tables, err := target.tables()
	if err != nil {
		t.Fatal(err)
	}
	for name, rows := range want {
		if d := gocmp.Diff(rows, dump(t, s.conn, tables[name], moveSpecials(0)[name].back)); d != "" {
			t.Errorf("table %s (-source +target):\n%s", name, d)
		}
	}
	found := 0
	for i := range 600 {
		k, err := s.Idempotent(ctx, "acme", fmt.Sprint("key", i), time.Now().UnixMilli())
		switch {
		case i%3 == 0 && err != ErrNotFound:
			t.Errorf("key %d has expired and is there: %v", i, err)
		case i%3 != 0 && (err != nil || string(k.Answer) != fmt.Sprint("answer", i) || k.Request[3] != byte(i)):
			t.Errorf("key %d: %v, %v", i, k, err)
		default:
			found++
		}
	}
	return s
}

// Everything goes over, and a server goes on with it.
func TestMove(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir, url := t.TempDir(), pgtest.Shared(t).Database(t)
	source := openDir(t, dir)
	fillEverything(t, source, 1000)
	if err := source.Close(); err != nil {
		t.Fatal(err)
	}
	want := sourceDump(t, dir)
	told := false
	r, err := Move(ctx, MoveOptions{Path: dir, Database: url, Log: quietLog(), Progress: func(p MoveProgress) { told = told || p.Total > 2000 && p.Rows == p.Total }})
	if err != nil {
		t.Fatal(err)
	}
	if r.Rows < 3000 || r.Resumed || r.Before || !told {
		t.Errorf("it says %+v, whole: %v", r, told)
	}
	s := checkMoved(t, url, want)
	// What the target numbers by itself goes on behind.
	for range 2 {
		if err := s.Commit(&Batch{OptOuts: []*OptOut{{Account: "acme", Phone: "46701234567", In: true, At: 1}}}); err != nil {
			t.Fatal(err)
		}
	}
	in := false
	if err := s.EachOptOut(ctx, func(_, _ string, is bool) { in = is }); err != nil || !in {
		t.Errorf("the last opt-in does not count: %v", err)
	}
	list, _, err := s.OptOuts(ctx, "acme", "46701234567", 0, 10)
	if err != nil || len(list) != 8 || list[0].At != 1 || list[2].At != 95 {
		t.Errorf("opt-outs %v, %v", list, err)
	}
	ids := message.NewIDs(0, 0)
	if err := s.Commit(&Batch{Accepted: []*message.Message{{ID: ids.Next(time.Now()), Content: message.Content{Class: -1}}}}); err != nil {
		t.Fatal(err)
	}
	// The folder is no second truth, a second move has nothing to do, and a target is used once.
	var moved *MovedError
	if _, err := Open(ctx, Options{Path: dir, Log: quietLog()}); !errors.As(err, &moved) || !strings.Contains(err.Error(), "--undo") {
		t.Errorf("the folder can still be opened: %v", err)
	}
	if r, err := Move(ctx, MoveOptions{Path: dir, Database: url, Log: quietLog()}); err != nil || !r.Before {
		t.Errorf("a second move: %+v, %v", r, err)
	}
	if _, err := Move(ctx, MoveOptions{Path: dir, Database: pgtest.Shared(t).Database(t), Log: quietLog()}); !errors.As(err, &moved) {
		t.Errorf("a move to a second database: %v", err)
	}
	// It can be taken back, but not unawares when there is more by now.
	if back, err := TakeBack(ctx, dir, url, false, quietLog()); err == nil || back.Newer != 1 {
		t.Errorf("taken back with newer messages: %+v, %v", back, err)
	}
	if back, err := TakeBack(ctx, dir, url, true, quietLog()); err != nil || !back.Barred || !back.Ended {
		t.Fatalf("taken back: %+v, %v", back, err)
	}
	var fatal *FatalError
	if err := s.Commit(&Batch{Config: 9}); !errors.As(err, &fatal) {
		t.Errorf("a server goes on with a database that was left: %v", err)
	}
	if _, err := Open(ctx, Options{Database: url, Log: quietLog()}); !errors.As(err, &moved) {
		t.Errorf("a database that was left can be opened: %v", err)
	}
	openDir(t, dir).Close()
	if _, err := Move(ctx, MoveOptions{Path: dir, Database: url, Log: quietLog()}); err == nil || !strings.Contains(err.Error(), "empty database") {
		t.Errorf("a move to a database that was left: %v", err)
	}
}

// A target that anybody has used is refused, and nothing is written to it or to the folder.
func TestMoveToUsed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir, url := t.TempDir(), pgtest.Shared(t).Database(t)
	source := openDir(t, dir)
	fillEverything(t, source, 10)
	source.Close()
	other, err := Open(ctx, Options{Database: url, Log: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := Move(ctx, MoveOptions{Path: dir, Database: url, Log: quietLog()}); err == nil || !strings.Contains(err.Error(), "is used already") {
		t.Fatalf("a database that is used: %v", err)
	}
	if err := other.Commit(&Batch{Config: 1}); err != nil {
		t.Errorf("the other's database is not as it was: %v", err)
	}
	openDir(t, dir).Close() // the folder goes on as before
	held := openMoving(t, dir)
	var h *HeldError
	if _, err := Move(ctx, MoveOptions{Path: dir, Database: url, Log: quietLog()}); !errors.As(err, &h) {
		t.Errorf("a folder that a Kurir holds: %v", err)
	}
	held.Close()
}

// Killed at any step, a move goes on where it was; until the end neither side can be opened.
func TestMoveKilled(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir, url := t.TempDir(), pgtest.Shared(t).Database(t)
	source := openDir(t, dir)
	fillEverything(t, source, 400)
	if err := source.Close(); err != nil {
		t.Fatal(err)
	}
	want := sourceDump(t, dir)
	killed := errors.New("killed")
	seen := map[string]int{}
	runs := 0
	for {
		runs++
		at, compared := "", 0
		_, err := Move(ctx, MoveOptions{Path: dir, Database: url, Log: quietLog(), slice: 9 << 10, fault: func(step string) error {
			// Comparing leaves nothing behind: every tenth table is enough. Tables of many slices are killed at several of them.
			if strings.HasPrefix(step, "compare ") {
				if compared++; compared%10 != 1 {
					return nil
				}
			}
			if seen[step]++; seen[step] == 1 || strings.HasPrefix(step, "write") && seen[step]%5 == 0 {
				at = step
				return killed
			}
			return nil
		}})
		if err == nil {
			break
		}
		if !errors.Is(err, killed) {
			t.Fatalf("run %d: %v", runs, err)
		}
		var moved *MovedError
		if _, err := Open(ctx, Options{Database: url, Log: quietLog()}); !errors.As(err, &moved) {
			t.Fatalf("killed at %s, the target can be opened: %v", at, err)
		}
		if _, err := Open(ctx, Options{Path: dir, Log: quietLog()}); !errors.As(err, &moved) {
			t.Fatalf("killed at %s, the source can be opened: %v", at, err)
		}
	}
	if seen["written message"] < 5 || seen["end target"] != 2 || runs < 60 || seen["compare alarm"] < 2 {
		t.Errorf("killed %d times, at %v", runs, seen)
	}
	checkMoved(t, url, want)
}

// A row that is other, or missing, in the target is found.
func TestMoveCompares(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, spoil := range []string{
		"UPDATE message SET price = price + 1 WHERE id = (SELECT max(id) FROM message)",
		"DELETE FROM opt_out WHERE number = 3",
		"UPDATE ledger SET balance = 0",
	} {
		dir, url := t.TempDir(), pgtest.Shared(t).Database(t)
		source := openDir(t, dir)
		fillEverything(t, source, 10)
		source.Close()
		_, err := Move(ctx, MoveOptions{Path: dir, Database: url, Log: quietLog(), fault: func(step string) error {
			if step != "compare alarm" {
				return nil
			}
			target, err := connectTarget(ctx, MoveOptions{Database: url, Log: quietLog()})
			if err != nil {
				return err
			}
			defer target.close()
			return target.exec(ctx, spoil)
		}})
		if err == nil || !strings.Contains(err.Error(), "the target is not to be used") {
			t.Errorf("%s: %v", spoil, err)
		}
		var moved *MovedError
		if _, err := Open(ctx, Options{Database: url, Log: quietLog()}); !errors.As(err, &moved) {
			t.Errorf("%s: the target can be opened: %v", spoil, err)
		}
		// The way back.
		if back, err := TakeBack(ctx, dir, "", false, quietLog()); err != nil || back.Ended {
			t.Errorf("taken back: %+v, %v", back, err)
		}
		openDir(t, dir).Close()
	}
}

func openMoving(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), Options{Path: dir, Log: quietLog(), moving: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openDir(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), Options{Path: dir, Log: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
